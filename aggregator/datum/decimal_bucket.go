package datum

import "math"

const codeBadBucket = "2201G" // invalid_argument_for_width_bucket_function

func errBucket(what string) *Error { return Errorf(codeBadBucket, "%s", what) }

// WidthBucket is width_bucket(operand, low, high, count) of numerics.
func WidthBucket(operand, low, high Decimal, count int64) (int64, *Error) {
	switch {
	case count <= 0:
		return 0, errBucket("count must be greater than zero")
	case operand.IsNaN() || low.IsNaN() || high.IsNaN():
		return 0, errBucket("operand, lower bound, and upper bound cannot be NaN")
	case low.IsInf() || high.IsInf():
		return 0, errBucket("lower and upper bounds must be finite")
	}
	order := high.Cmp(low)
	switch {
	case order == 0:
		return 0, errBucket("lower bound cannot equal upper bound")
	case operand.Cmp(low)*order < 0:
		return 0, nil
	case operand.Cmp(high)*order >= 0:
		return CheckInt(count+1, Int4)
	}
	q, err := bucketOf(operand, low, high, count)
	switch {
	case err != nil:
		return 0, err
	case q.Cmp(DecimalFromInt(count)) >= 0:
		return count, nil
	}
	floor, err := q.Floor()
	if err != nil {
		return 0, err
	}
	return floor.small + 1, nil
}

func bucketOf(operand, low, high Decimal, count int64) (Decimal, *Error) {
	part, err := operand.Sub(low)
	if err != nil {
		return part, err
	}
	whole, err := high.Sub(low)
	if err != nil {
		return part, err
	}
	if part, err = part.Abs().Mul(DecimalFromInt(count)); err != nil {
		return part, err
	}
	return part.Div(whole.Abs())
}

// WidthBucketFloat is width_bucket(operand, low, high, count) of floats.
func WidthBucketFloat(operand, low, high float64, count int64) (int64, *Error) {
	switch {
	case count <= 0:
		return 0, errBucket("count must be greater than zero")
	case operand != operand || low != low || high != high:
		return 0, errBucket("operand, lower bound, and upper bound cannot be NaN")
	case math.IsInf(low, 0) || math.IsInf(high, 0):
		return 0, errBucket("lower and upper bounds must be finite")
	case low == high:
		return 0, errBucket("lower bound cannot equal upper bound")
	}
	part, whole, halved, span := operand-low, high-low, operand/2-low/2, high/2-low/2
	if low > high {
		if operand > low {
			return 0, nil
		} else if operand <= high {
			return CheckInt(count+1, Int4)
		}
		part, whole, halved, span = low-operand, low-high, low/2-operand/2, low/2-high/2
	} else if operand < low {
		return 0, nil
	} else if operand >= high {
		return CheckInt(count+1, Int4)
	}
	q := part / whole
	if math.IsInf(whole, 0) {
		q = halved / span
	}
	return min(int64(float64(count)*q), count-1) + 1, nil
}
