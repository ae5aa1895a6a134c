package datum

import "time"

type Decimal struct {
	big   any
	small int64
	scale int32
	form  uint8
}

func ParseDecimal(s []byte) (Decimal, *Error)                          { panic("stub") }
func DecimalFromInt(v int64) Decimal                                   { panic("stub") }
func DecimalFromFloat(f float64, bits int) (Decimal, *Error)           { panic("stub") }
func DecimalFromParts(neg bool, hi, lo uint64, scale int) Decimal      { panic("stub") }
func DecimalNaN() Decimal                                              { panic("stub") }
func DecimalInf(sign int) Decimal                                      { panic("stub") }
func (d Decimal) IsNaN() bool                                          { panic("stub") }
func (d Decimal) IsInf() bool                                          { panic("stub") }
func (d Decimal) Scale() int                                           { panic("stub") }
func (d Decimal) Parts() (neg bool, hi, lo uint64, scale int, ok bool) { panic("stub") }
func (d Decimal) Small() (coefficient int64, scale int, ok bool)       { panic("stub") }
func (d Decimal) String() string                                       { panic("stub") }
func (d Decimal) AppendText(dst []byte) []byte                         { panic("stub") }
func (d Decimal) Int2() (int64, *Error)                                { panic("stub") }
func (d Decimal) Int4() (int64, *Error)                                { panic("stub") }
func (d Decimal) Int8() (int64, *Error)                                { panic("stub") }
func (d Decimal) Float8() (float64, *Error)                            { panic("stub") }
func (d Decimal) Float4() (float64, *Error)                            { panic("stub") }
func (d Decimal) Add(e Decimal) (Decimal, *Error)                      { panic("stub") }
func (d Decimal) Sub(e Decimal) (Decimal, *Error)                      { panic("stub") }
func (d Decimal) Mul(e Decimal) (Decimal, *Error)                      { panic("stub") }
func (d Decimal) Div(e Decimal) (Decimal, *Error)                      { panic("stub") }
func (d Decimal) Mod(e Decimal) (Decimal, *Error)                      { panic("stub") }
func (d Decimal) Neg() Decimal                                         { panic("stub") }
func (d Decimal) Abs() Decimal                                         { panic("stub") }
func (d Decimal) Round(scale int) (Decimal, *Error)                    { panic("stub") }
func (d Decimal) Trunc(scale int) Decimal                              { panic("stub") }
func (d Decimal) Ceil() (Decimal, *Error)                              { panic("stub") }
func (d Decimal) Floor() (Decimal, *Error)                             { panic("stub") }
func (d Decimal) Sign() int                                            { panic("stub") }
func (d Decimal) Cmp(e Decimal) int                                    { panic("stub") }
func (d Decimal) ApplyTypmod(precision, scale int) (Decimal, *Error)   { panic("stub") }
func AppendDecimal(dst []byte, d Decimal) []byte                       { panic("stub") }
func DecodeDecimal(b []byte) Decimal                                   { panic("stub") }
func DecodeDecimalChecked(b []byte) (Decimal, bool)                    { panic("stub") }
func AppendDecimalWire(dst []byte, d Decimal) []byte                   { panic("stub") }
func DecimalFromWire(b []byte) (Decimal, bool)                         { panic("stub") }
func DecimalFromDatum(b []byte) (Decimal, bool)                        { panic("stub") }

func ParseInterval(s []byte) (Span, *Error)           { panic("stub") }
func AppendInterval(dst []byte, s Span) []byte        { panic("stub") }
func (s Span) Add(o Span) (Span, *Error)              { panic("stub") }
func (s Span) Sub(o Span) (Span, *Error)              { panic("stub") }
func (s Span) Neg() (Span, *Error)                    { panic("stub") }
func (s Span) Mul(f float64) (Span, *Error)           { panic("stub") }
func (s Span) Div(f float64) (Span, *Error)           { panic("stub") }
func (s Span) Cmp(o Span) int                         { panic("stub") }
func (s Span) CanonicalMicros() (hi int64, lo uint64) { panic("stub") }

const (
	DateInfinity         int64 = 1<<31 - 1
	DateNegInfinity      int64 = -1 << 31
	TimestampInfinity    int64 = 1<<63 - 1
	TimestampNegInfinity int64 = -1 << 63
)

func ParseDate(s []byte) (int64, *Error)                                 { panic("stub") }
func ParseTimestamp(s []byte) (int64, *Error)                            { panic("stub") }
func ParseTimestampTZ(s []byte, zone *time.Location) (int64, *Error)     { panic("stub") }
func AppendDate(dst []byte, days int64) []byte                           { panic("stub") }
func AppendTimestamp(dst []byte, ts int64) []byte                        { panic("stub") }
func AppendTimestampTZ(dst []byte, ts int64, zone *time.Location) []byte { panic("stub") }
func DaysFromCivil(year, month, day int) int64                           { panic("stub") }
func CivilFromDays(days int64) (year, month, day int)                    { panic("stub") }
func DateTruncTimestamp(unit string, ts int64) (int64, *Error)           { panic("stub") }
func DateTruncTimestampTZ(unit string, ts int64, zone *time.Location) (int64, *Error) {
	panic("stub")
}
func DateTruncInterval(unit string, s Span) (Span, *Error) { panic("stub") }

// Extract*: ok is false where the value is NULL (such as the hour of infinity).
func ExtractDate(field string, days int64) (d Decimal, ok bool, err *Error)    { panic("stub") }
func ExtractTimestamp(field string, ts int64) (d Decimal, ok bool, err *Error) { panic("stub") }
func ExtractTimestampTZ(field string, ts int64, zone *time.Location) (d Decimal, ok bool, err *Error) {
	panic("stub")
}
func ExtractInterval(field string, s Span) (d Decimal, ok bool, err *Error) { panic("stub") }

// DatePart*: as Extract*, in float8.
func DatePartDate(field string, days int64) (f float64, ok bool, err *Error)    { panic("stub") }
func DatePartTimestamp(field string, ts int64) (f float64, ok bool, err *Error) { panic("stub") }
func DatePartTimestampTZ(field string, ts int64, zone *time.Location) (f float64, ok bool, err *Error) {
	panic("stub")
}
func DatePartInterval(field string, s Span) (f float64, ok bool, err *Error) { panic("stub") }

func TimestampAddInterval(ts int64, s Span) (int64, *Error)                        { panic("stub") }
func TimestampSubInterval(ts int64, s Span) (int64, *Error)                        { panic("stub") }
func TimestampTZAddInterval(ts int64, s Span, zone *time.Location) (int64, *Error) { panic("stub") }
func TimestampTZSubInterval(ts int64, s Span, zone *time.Location) (int64, *Error) { panic("stub") }
func TimestampSub(a, b int64) (Span, *Error)                                       { panic("stub") }
func DateAdd(days, n int64) (int64, *Error)                                        { panic("stub") }
func DateSub(a, b int64) (int64, *Error)                                           { panic("stub") }
func DateToTimestamp(days int64) (int64, *Error)                                   { panic("stub") }
func DateToTimestampTZ(days int64, zone *time.Location) (int64, *Error)            { panic("stub") }
func TimestampToDate(ts int64) (int64, *Error)                                     { panic("stub") }
func TimestampToTimestampTZ(ts int64, zone *time.Location) (int64, *Error)         { panic("stub") }
func TimestampTZToTimestamp(ts int64, zone *time.Location) (int64, *Error)         { panic("stub") }
func TimestampTZToDate(ts int64, zone *time.Location) (int64, *Error)              { panic("stub") }

func ParseInt(s []byte, t Type) (int64, *Error)        { panic("stub") }
func ParseFloat(s []byte, t Type) (float64, *Error)    { panic("stub") }
func AppendFloat(dst []byte, f float64, t Type) []byte { panic("stub") }
func ParseBool(s []byte) (bool, *Error)                { panic("stub") }

// AppendBool is boolout: 't' or 'f'. AppendBoolText is the cast to text: 'true' or 'false'.
func AppendBool(dst []byte, b bool) []byte     { panic("stub") }
func AppendBoolText(dst []byte, b bool) []byte { panic("stub") }

func AppendKeyNull(dst []byte) []byte                    { panic("stub") }
func AppendKeyInt(dst []byte, v int64) []byte            { panic("stub") }
func AppendKeyFloat(dst []byte, f float64) []byte        { panic("stub") }
func AppendKeyDecimal(dst []byte, encoded []byte) []byte { panic("stub") }
func AppendKeySpan(dst []byte, s Span) []byte            { panic("stub") }
func AppendKeyText(dst []byte, s []byte) []byte          { panic("stub") }

func CompareFloat(a, b float64) int  { panic("stub") }
func CompareText(a, b []byte) int    { panic("stub") }
func CompareDecimal(a, b []byte) int { panic("stub") }
