package consumer

// Guards are what Config.Inject can leave out, one by one, to show that each is
// needed (docs/dangers.md). None is asked for each record.
func Guards() []string {
	return []string{
		guardIdentity, guardMember, guardLedger, guardFence, guardRefused, guardReset, guardSettle, guardStable, guardControl, guardGap,
		guardRoom, guardLearn, guardRevision, guardID, guardTopic, guardRecover, guardCovered,
	}
}

const (
	guardIdentity = "commit.identity" // offsets are committed as a member that owns the partitions
	guardLedger   = "fold.ledger"     // a flush is merged only if it goes on where the ledger stands
	guardFence    = "node.fence"      // transactions of the dead and the silent are ended by others
	guardMember   = "commit.member"   // what a member was given is not committed by the one that the client joins as later
	guardRefused  = "flush.refused"   // a block that the broker refused fails its flush
	guardReset    = "lane.reset"      // a lane that starts again throws its tables away
	guardSettle   = "lane.settle"     // what was read of a partition is published before it is given up
	guardStable   = "open.stable"     // a committed offset is not read while a transaction holds a newer one
	guardControl  = "read.control"    // readers see the markers of transactions
	guardGap      = "read.gap"        // offsets without a record count as read, one view's start after the other
	guardRoom     = "open.room"       // no more views lag than a commit's metadata has room for
	guardLearn    = "open.learn"      // a lane reads the catalog to a commit's revision before the partition
	guardRevision = "open.revision"   // a view that a commit did not know stands at its start
	guardID       = "lane.id"         // views are told apart by their ids, not their names
	guardTopic    = "open.topic"      // an input topic is the one that the stream was created over
	guardCovered  = "remote.covered"  // what PostgreSQL has evaluated is taken only together with its positions
	guardRecover  = "open.recover"    // where nothing is committed, ledger and partials say where views stand
)

// pointDeaf is a point with a fault of its own: the node does not take a newer
// catalog.
const pointDeaf = "catalog.deaf"
