package topology

// quotas decides how many partitions of each kind each member of a class gets:
// the floor of its share, and one more for as many members as needed. Those who
// get one more are chosen so that the fewest partitions move, and so that both
// kinds together are even as well.
//
// owns is how many each member has now, by its place in the class.
func (c *class) quotas(owns [][kinds]int) [][kinds]int {
	n := len(c.members)
	var base, more [kinds]int
	for k := range kinds {
		base[k], more[k] = c.ofKind[k]/n, c.ofKind[k]%n
	}
	// Both together are even if nobody gets one more of both kinds while another
	// gets none: then those who get more of one kind are apart from those who
	// get more of the other. Where there are too many for that, those who do
	// not get more are apart.
	without := more[inputs]+more[partials] > n
	likes := make([][kinds]bool, n)
	for i := range owns {
		for k := range kinds {
			likes[i][k] = (owns[i][k] > base[k]) != without // one that has more may keep it
		}
	}
	size := more
	if without {
		size = [kinds]int{n - more[inputs], n - more[partials]}
	}
	quota := make([][kinds]int, n)
	for i, chosen := range apart(size, likes) {
		for k := range kinds {
			quota[i][k] = base[k]
			if (chosen == k) != without {
				quota[i][k]++
			}
		}
	}
	return quota
}

// apart chooses size[k] members for each kind k, and no member for both, such that
// as many as possible like what they are chosen for. It returns each member's
// kind, or kinds for none. Those who like one kind come first; those who like
// both fill what is left; no choice can do better, for they fit everywhere.
func apart(size [kinds]int, likes [][kinds]bool) []kind {
	chosen := make([]kind, len(likes))
	for i := range chosen {
		chosen[i] = kinds
	}
	choose := func(i int, k kind) {
		if chosen[i] == kinds && size[k] > 0 {
			chosen[i] = k
			size[k]--
		}
	}
	for i, like := range likes {
		if like[inputs] != like[partials] {
			if like[inputs] {
				choose(i, inputs)
			} else {
				choose(i, partials)
			}
		}
	}
	for i, like := range likes {
		if like[inputs] && like[partials] {
			choose(i, inputs)
			choose(i, partials)
		}
	}
	for i := range likes {
		choose(i, inputs)
		choose(i, partials)
	}
	return chosen
}
