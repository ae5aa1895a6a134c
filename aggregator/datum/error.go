package datum

import "fmt"

// Error is an error with PostgreSQL's SQLSTATE: what PostgreSQL would have
// raised, or did raise, for the same value. It carries no cause: everything a
// person needs stands in its fields.
type Error struct {
	Code    string // SQLSTATE, five characters
	Message string // as PostgreSQL words it, without "ERROR:"
	Detail  string
	Hint    string
	// Position is the 1-based character position in the statement, 0 where
	// the error has none.
	Position int
}

// Error returns the message with its SQLSTATE.
func (e *Error) Error() string { return fmt.Sprintf("%s (SQLSTATE %s)", e.Message, e.Code) }

// Errorf makes an Error with a formatted message.
func Errorf(code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// SQLSTATEs that evaluation raises, by their names in PostgreSQL's errcodes.txt.
const (
	CodeOutOfRange           = "22003" // numeric_value_out_of_range
	CodeDivisionByZero       = "22012"
	CodeDatetimeOverflow     = "22008" // datetime_field_overflow
	CodeInvalidDatetime      = "22007" // invalid_datetime_format
	CodeInvalidText          = "22P02" // invalid_text_representation
	CodeInvalidParameter     = "22023" // invalid_parameter_value
	CodeIntervalOverflow     = "22015" // interval_field_overflow
	CodeNullNotAllowed       = "22004"
	CodeNotNullViolation     = "23502"
	CodeStringTooLong        = "22001" // string_data_right_truncation
	CodeUntranslatable       = "22P05" // untranslatable_character
	CodeBadEncoding          = "22021" // character_not_in_repertoire
	CodeFeatureNotSupported  = "0A000"
	CodeSyntaxError          = "42601"
	CodeUndefinedTable       = "42P01"
	CodeUndefinedColumn      = "42703"
	CodeUndefinedObject      = "42704"
	CodeDuplicateTable       = "42P07"
	CodeDependentObjects     = "2BP01"
	CodeWrongObjectType      = "42809"
	CodeInvalidObjectState   = "55000" // object_not_in_prerequisite_state
	CodeProgramLimitExceeded = "54000"
	CodeStatementTooComplex  = "54001"
	CodeArraySubscript       = "2202E" // array_subscript_error
	CodeInvalidBinary        = "22P03" // invalid_binary_representation
)
