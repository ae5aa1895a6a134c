package datum

// JustifyHours is justify_hours(interval): 24 hours become a day.
func (s Span) JustifyHours() (Span, *Error) {
	days := s.Micros / microsPerDay
	s.Micros -= days * microsPerDay
	var ok bool
	if s.Days, ok = add32(s.Days, days); !ok {
		return Span{}, errIntervalRange()
	}
	s.oneSignOfDays()
	return s, nil
}

// JustifyDays is justify_days(interval): 30 days become a month.
func (s Span) JustifyDays() (Span, *Error) {
	if !s.daysToMonths() {
		return Span{}, errIntervalRange()
	}
	if s.Months > 0 && s.Days < 0 {
		s.Days += daysPerMonth
		s.Months--
	} else if s.Months < 0 && s.Days > 0 {
		s.Days -= daysPerMonth
		s.Months++
	}
	return s, nil
}

// JustifyInterval is justify_interval(interval): both, and one sign throughout.
func (s Span) JustifyInterval() (Span, *Error) {
	if (s.Days > 0 && s.Micros > 0 || s.Days < 0 && s.Micros < 0) && !s.daysToMonths() {
		return Span{}, errIntervalRange()
	}
	days := s.Micros / microsPerDay
	s.Micros -= days * microsPerDay
	s.Days += int32(days)
	if !s.daysToMonths() {
		return Span{}, errIntervalRange()
	}
	if s.Months > 0 && (s.Days < 0 || s.Days == 0 && s.Micros < 0) {
		s.Days += daysPerMonth
		s.Months--
	} else if s.Months < 0 && (s.Days > 0 || s.Days == 0 && s.Micros > 0) {
		s.Days -= daysPerMonth
		s.Months++
	}
	s.oneSignOfDays()
	return s, nil
}

func (s *Span) daysToMonths() (ok bool) {
	months := s.Days / daysPerMonth
	s.Days -= months * daysPerMonth
	s.Months, ok = add32(s.Months, int64(months))
	return ok
}

func (s *Span) oneSignOfDays() {
	if s.Days > 0 && s.Micros < 0 {
		s.Micros += microsPerDay
		s.Days--
	} else if s.Days < 0 && s.Micros > 0 {
		s.Micros -= microsPerDay
		s.Days++
	}
}

func add32(a int32, b int64) (sum int32, ok bool) {
	wide := int64(a) + b
	return int32(wide), wide == int64(int32(wide))
}
