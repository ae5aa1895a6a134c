// Package nexmark makes the events of the Nexmark benchmark: people, auctions
// and bids of an online auction house, in the proportion 1 : 3 : 46.
//
// # Source
//
// The model is that of the generator in Apache Beam (sdks/java/testing/nexmark,
// sources/generator) as nexmark-flink carries it on
// (github.com/nexmark/nexmark, nexmark-flink/.../generator/model), with its
// default settings: every second bid is for a hot auction, which is the first
// of each hundred, the others are spread over the last 100 auctions and 10 that
// are yet to come; three of four bids are by a hot bidder; prices are
// 100 × 10^(6u), u uniform, so that each power of ten is equally frequent;
// every second bid comes by one of four hot channels, the others by 10,000;
// 10,000 events a second. Ten million bids concern about 652,000 auctions.
//
// # What is simpler here
//
//   - Every event is a function of its number alone, also its random parts
//     (splitmix64 seeded by it), so that a topic has the same bytes on every
//     machine, in whatever order and by however many writers it is filled.
//     nexmark-flink draws from one java.util.Random without a seed.
//   - Prices are interpolated in a table of 4,097 powers, in integers: floating
//     point differs between machines in the last bits.
//   - Events come in the order of their times (outOfOrderGroupSize 1), at a
//     constant rate. Time begins at [Epoch], one second before a midnight, so
//     that also short runs have two days.
//   - Numbers start at 0 (Beam's at 1), first ids are 1000 as there.
//
// # Form
//
// Records are JSON objects without spaces; times are text, "2026-01-01
// 00:00:00.000", without a zone. A bid by itself ([Generator.AppendBid]):
//
//	{"auction":1000,"bidder":1001,"price":104,"channel":"channel-7","url":"https://www.nexmark.com/…",
//	 "dateTime":"2025-12-31 23:59:59.000","extra":"…"}
//
// All three kinds in one topic ([Generator.AppendEvent]) stand in an object of
// their own, as nexmark-flink's Kafka table has them: {"event_type":0,"person":{…}},
// {"event_type":1,"auction":{…}}, {"event_type":2,"bid":{…}}. Their columns are
//
//	person:  id, name, emailAddress, creditCard, city, state, dateTime, extra
//	auction: id, itemName, description, initialBid, reserve, dateTime, expires, seller, category, extra
package nexmark
