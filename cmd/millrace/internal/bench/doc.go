// Package bench measures Millrace's whole path against what one could write
// instead of it, and says how far each is from doing nothing at all.
//
// # Method
//
// One topic is filled first, by this process. Then each contender reads it from
// its beginning to its end, as a child process of its own, alone: its processor
// time is that child's user and system time, from its start to its exit,
// garbage collection, start-up and shutdown included. Broker and database are
// processes of their own and count for nobody. Runs are interleaved (every
// contender once, then every contender again), ratios are taken within one
// such round, and what is printed are medians: neighbours on a machine move
// absolute numbers far more than ratios of one round.
//
// Wall time runs from the child's start until its work is done, for those that
// write to PostgreSQL until all rows are committed there. For Millrace it
// includes joining the consumer group, for which brokers make a new group wait
// (group.initial.rebalance.delay.ms, 3 s by default).
//
// Nothing is printed before it was found to be right: every contender must have
// counted all events, those that decode must have the generator's sum of prices,
// and those that write to PostgreSQL must have exactly the generator's rows.
//
// # Contenders
//
// See [Contenders]. The rival (rival.go) is the honest opponent: a consumer as a
// good Go programmer would write it for one query. It writes every second, since
// it is always behind, and a round counts only if it reaches 0.8 of what merely
// parsing for it takes ([rivalFloor]). The plain loops fetch by the options that
// are best for them, Millrace as its nodes do.
//
// # Queries
//
// qa (queryqa.go) has few groups that all stay, q17 (queryq17.go) has many that
// come and go; what the contenders do for one is beside it, the rival's groups in
// rivalqa.go and rivalq17.go. Their events are functions of their numbers
// ([Kind], package nexmark), and [Generate] writes them for others to read.
//
// # Failover
//
// [Failover] measures something else: how long shards and input partitions stand
// still when one of several nodes is killed, stopped, cut off or ended in order.
package bench
