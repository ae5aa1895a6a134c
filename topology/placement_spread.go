package topology

import (
	"container/heap"
	"slices"
)

// spread is the partitions of one kind on their way to the members of a class.
// Members go by their place in the class here.
type spread struct {
	b     *board
	n     int   // members
	place []int // by member of the board
	at    []int // by place: the member of the board

	held  []int   // by topic: how many of its partitions are the class's
	owned [][]int // by place: the partitions that it owns, in order
	short []int   // by place: how many it lacks; below 0, how many it has to give up
	pool  []int   // partitions that nobody owned, or somebody gave up
}

// spread gives the partitions of a class to its members.
func (b *board) spread(number int) {
	c := &b.classes[number]
	n := len(c.members)
	place := make([]int, len(b.members))
	for i, m := range c.members {
		place[m] = i
	}
	var all [kinds]spread
	for k := range all {
		all[k] = spread{b: b, n: n, place: place, at: c.members, held: c.held, owned: make([][]int, n), short: make([]int, n)}
	}
	owns := make([][kinds]int, n)
	for p, home := range b.home {
		if home != number {
			continue
		}
		k := b.kind(p)
		if m := b.owner[p]; m != nobody {
			all[k].owned[place[m]] = append(all[k].owned[place[m]], p)
			owns[place[m]][k]++
		} else {
			all[k].pool = append(all[k].pool, p)
		}
	}
	for i, quota := range c.quotas(owns) {
		for k := range all {
			all[k].short[i] = quota[k] - owns[i][k]
		}
	}
	for k := range all {
		all[k].give()
		all[k].trade(all[k].take())
	}
}

// takers are the members that lack partitions.
func (s *spread) takers() []int {
	var takers []int
	for i, short := range s.short {
		if short > 0 {
			takers = append(takers, i)
		}
	}
	return takers
}

// give lets members with too many partitions give some up.
func (s *spread) give() {
	if !slices.ContainsFunc(s.short, func(short int) bool { return short < 0 }) {
		return
	}
	takers := s.takers()
	wanted := s.wanted(takers)
	for i, short := range s.short {
		if short < 0 {
			s.giveUp(i, len(takers), wanted)
		}
	}
	slices.Sort(s.pool)
}

// wanted is how much of each topic the takers would get if all members were even,
// less what they have and what lies ready for them: in partitions times members
// of the class. It may be negative.
func (s *spread) wanted(takers []int) []int {
	wanted := make([]int, len(s.held))
	for t, held := range s.held {
		wanted[t] = held * len(takers)
	}
	for _, i := range takers {
		for _, p := range s.owned[i] {
			wanted[s.b.topic[p]] -= s.n
		}
	}
	for _, p := range s.pool {
		wanted[s.b.topic[p]] -= s.n
	}
	return wanted
}

// giveUp chooses what a member gives up: each time of the topic of which it has
// most above its share and takers, at the average, most below theirs.
func (s *spread) giveUp(i, takers int, wanted []int) {
	runs := s.runs(s.owned[i])
	for ; s.short[i] < 0; s.short[i]++ {
		best, most := nobody, 0
		for r, run := range runs {
			if len(run) == 0 {
				continue
			}
			t := s.b.topic[run[0]]
			if score := takers*(s.n*len(run)-s.held[t]) + wanted[t]; best == nobody || score > most {
				best, most = r, score
			}
		}
		last := len(runs[best]) - 1
		p := runs[best][last]
		runs[best] = runs[best][:last]
		wanted[s.b.topic[p]] -= s.n
		s.b.owner[p] = nobody
		s.pool = append(s.pool, p)
	}
}

// runs cuts partitions, in order, by topic.
func (s *spread) runs(partitions []int) [][]int {
	var runs [][]int
	for from := 0; from < len(partitions); {
		to := from + 1
		for to < len(partitions) && s.b.topic[partitions[to]] == s.b.topic[partitions[from]] {
			to++
		}
		runs = append(runs, partitions[from:to:to])
		from = to
	}
	return runs
}

// take gives what nobody owns to the takers: each to the one that has least of its
// topic, and of those to the one that lacks most. It returns those partitions
// whose new owner has more of the topic than the ceiling of its share.
func (s *spread) take() (excess []int) {
	q := queue{takers: s.takers(), has: make([]int, s.n), short: s.short}
	for _, run := range s.runs(s.pool) {
		t := s.b.topic[run[0]]
		s.count(t, q.has)
		heap.Init(&q)
		for _, p := range run {
			i := q.takers[0]
			s.b.owner[p] = s.at[i]
			if q.has[i]*s.n >= s.held[t] {
				excess = append(excess, p)
			}
			q.has[i]++
			if q.short[i]--; q.short[i] == 0 {
				heap.Pop(&q)
			} else {
				heap.Fix(&q, 0)
			}
		}
	}
	return excess
}

// count counts how many partitions of a topic each member has.
func (s *spread) count(t int, has []int) {
	clear(has)
	for p := s.b.first[t]; p < s.b.first[t+1]; p++ {
		if m := s.b.owner[p]; m != nobody && s.at[s.place[m]] == m {
			has[s.place[m]]++
		}
	}
}

// queue is takers as a heap: who is next to get a partition of a topic is first.
type queue struct {
	takers []int // by rank in the heap: a place
	has    []int // by place: how many partitions of the topic
	short  []int // by place
}

func (q *queue) Len() int { return len(q.takers) }

func (q *queue) Less(x, y int) bool {
	i, j := q.takers[x], q.takers[y]
	if q.has[i] != q.has[j] {
		return q.has[i] < q.has[j]
	}
	if q.short[i] != q.short[j] {
		return q.short[i] > q.short[j]
	}
	return i < j
}

func (q *queue) Swap(x, y int) { q.takers[x], q.takers[y] = q.takers[y], q.takers[x] }

func (q *queue) Push(x any) { q.takers = append(q.takers, x.(int)) }

func (q *queue) Pop() any {
	last := len(q.takers) - 1
	i := q.takers[last]
	q.takers = q.takers[:last]
	return i
}

// tradeBudget is how many trades are weighed: more than a cluster that loses some
// nodes needs, and a few milliseconds.
const tradeBudget = 1 << 18

// trade lets takers exchange what they have just been given, where that makes
// topics more even: the last ones to take had no choice left.
func (s *spread) trade(excess []int) {
	if len(excess) == 0 {
		return
	}
	has := map[[2]int]int{} // by member and topic
	for p, m := range s.b.owner {
		if m != nobody {
			has[[2]int{m, s.b.topic[p]}]++
		}
	}
	budget := tradeBudget
	for _, p := range excess {
		x, t := s.b.owner[p], s.b.topic[p]
		best, most := nobody, 0
		for _, q := range s.pool {
			y, u := s.b.owner[q], s.b.topic[q]
			if budget--; budget < 0 {
				return
			}
			if x == y || t == u {
				continue
			}
			gain := has[[2]int{x, t}] - has[[2]int{y, t}] + has[[2]int{y, u}] - has[[2]int{x, u}] - 2
			if gain > most {
				best, most = q, gain
			}
		}
		if best != nobody {
			y, u := s.b.owner[best], s.b.topic[best]
			s.b.owner[p], s.b.owner[best] = y, x
			has[[2]int{x, t}]--
			has[[2]int{y, t}]++
			has[[2]int{y, u}]--
			has[[2]int{x, u}]++
		}
	}
}
