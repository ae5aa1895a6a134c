package topology

// spread gives the partitions of a class to its members. Members go by their
// place in the class here.
func (b *board) spread(number int) {
	c := &b.classes[number]
	place := make(map[int]int, len(c.members))
	for i, m := range c.members {
		place[m] = i
	}
	owns := make([][kinds]int, len(c.members))
	for p, m := range b.owner {
		if m != nobody && b.home[p] == number {
			owns[place[m]][b.kind(p)]++
		}
	}
	quota := c.quotas(owns)
	for p, m := range b.owner { // those with too many give
		if m == nobody || b.home[p] != number {
			continue
		}
		i, k := place[m], b.kind(p)
		if owns[i][k] > quota[i][k] {
			owns[i][k]--
			b.owner[p] = nobody
		}
	}
	next := [kinds]int{}
	for p, m := range b.owner { // those with too few take
		if m != nobody || b.home[p] != number {
			continue
		}
		k := b.kind(p)
		for owns[next[k]][k] >= quota[next[k]][k] {
			next[k]++
		}
		owns[next[k]][k]++
		b.owner[p] = c.members[next[k]]
	}
}
