// Package evaluate carries row programs out: what a view's native plan lacks, the
// target PostgreSQL evaluates for a whole batch of rows at once.
//
// # One batch
//
// A program ([query.Remote]) is one statement whose parameters are arrays, one for
// each column that it reads, in PostgreSQL's binary form; its rows come back in
// binary form, too, each with the number of the row that it is of. The statement is
// prepared once in each session, under the settings that the view was created with.
// A batch whose arrays are large is sent in pieces. All pieces of a batch are on
// their way at once (a pipeline), each in a transaction of its own.
//
// # Errors
//
// A program fails for one of three reasons, told apart by SQLSTATE:
//
//   - A row's: PostgreSQL refuses a value, or a function raises an error. The
//     piece is cut in sixteen, those that fail again in sixteen, until the row is
//     alone: three exchanges for the 4,096 rows of a batch, however many of them
//     fail. What passes is not evaluated again.
//   - The program's: a function, table or privilege is missing. It is where the
//     statement cannot be prepared, or where an error of that kind comes for the
//     first, the middle and the last row of a piece alone. [ProgramError] says so;
//     the same call succeeds as soon as what it needs is back.
//   - Nobody's: PostgreSQL is away, overloaded, or ended the session. [Temporary]
//     says so.
//
// Neither of the latter leaves a result: the whole call is made again.
//
// # Time
//
// Each piece has [Config.Timeout], half of it for locks, whose end is nobody's
// fault. A piece that takes longer is cut like one that fails, and later batches of
// the program begin with as few rows. A row that takes longer by itself, twice, has
// failed.
//
// # Writing functions
//
// The transactions are not read only: nextval() is a function like others, and a
// function may log what it sees. It does so when its row is evaluated, and again
// where that has to be done again: at least once for each row.
package evaluate
