package topology

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"
)

// TestClusterStories runs the scripts about placement and takeovers. The switch
// is their language; NODE… may be several.
func TestClusterStories(t *testing.T) {
	for _, dir := range []string{"testdata/placement", "testdata/takeover"} {
		datadriven.Walk(t, dir, func(t *testing.T, path string) {
			w := newWorld()
			datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
				var names []string
				for _, a := range d.CmdArgs {
					if len(a.Vals) == 0 {
						names = append(names, a.Key)
					}
				}
				return w.tell(t, d, names)
			})
		})
	}
}

func (w *world) tell(t *testing.T, d *datadriven.TestData, names []string) string {
	each := func(do func(name string)) string {
		for _, name := range names {
			do(name)
		}
		return ""
	}
	switch d.Cmd {
	case "topic": // NAME inputs=N | partials=N: makes it, or gives it partitions
		return w.tellTopic(t, d, names[0])
	case "drop-topic": // NAME…
		return each(func(name string) {
			w.topics = slices.DeleteFunc(w.topics, func(topic Topic) bool { return topic.Name == name })
		})
	case "start": // NODE…: the process starts, and enters the registry; again: another one of its name
		return each(w.start)
	case "join": // NODE…: it joins the group, and starts if it has not
		return each(func(name string) {
			if w.processes[name] == nil {
				w.start(name)
			}
			w.join(name)
		})
	case "stranger": // NODE…: a member of the group that is not in the registry
		return each(w.join)
	case "leave": // NODE…: in order
		return each(w.leave)
	case "kill": // NODE…: SIGKILL
		return each(w.kill)
	case "stop": // NODE…: SIGSTOP
		return each(func(name string) { w.processes[name].stopped = true })
	case "wake": // NODE…: SIGCONT
		return each(func(name string) { w.processes[name].stopped = false })
	case "expire": // NODE…: the group's session timeout puts it out
		return each(func(name string) { delete(w.group, name) })
	case "disconnect": // NODE…: PostgreSQL closes its session
		return each(func(name string) { w.registry[name].Alive = false })
	case "break": // NODE…: from now on its rescues fail
		return each(func(name string) { w.processes[name].broken = true })
	case "mend": // NODE…: they succeed again
		return each(func(name string) { w.processes[name].broken = false })
	case "restart-postgres":
		w.restartPostgres()
		return ""
	case "knows": // NODE… topics=(NAME, …): its catalog is as old as that; without topics it is current
		for _, name := range names {
			w.processes[name].knows = nil
			for _, a := range d.CmdArgs {
				if a.Key == "topics" {
					w.processes[name].knows = a.Vals
				}
			}
		}
		return ""
	case "claim": // NODE generation=G: the input's lines, TOPIC PARTITION…, are what it says that it owns
		return w.tellClaim(t, d, names[0])
	case "clock": // by=DURATION: the clock is set
		var by string
		d.ScanArgs(t, "by", &by)
		step, err := time.ParseDuration(by)
		if err != nil {
			t.Fatal(err)
		}
		w.now = w.now.Add(step)
		return ""
	case "look": // for=DURATION: time passes, and every node that runs looks every half second
		return w.tellLook(t, d)
	case "place": // one round of the group: who has what, and what waits for the next round
		return w.show(w.place())
	case "settle": // rounds until nothing is given up
		moved, _ := w.settle()
		return w.show(moved)
	}
	t.Fatalf("unknown command %q", d.Cmd)
	return ""
}

func (w *world) tellTopic(t *testing.T, d *datadriven.TestData, name string) string {
	topic := Topic{Name: name}
	if topic.Partials = d.HasArg("partials"); topic.Partials {
		d.ScanArgs(t, "partials", &topic.Partitions)
	} else {
		d.ScanArgs(t, "inputs", &topic.Partitions)
	}
	w.topics = slices.DeleteFunc(w.topics, func(topic Topic) bool { return topic.Name == name })
	w.topics = append(w.topics, topic)
	return ""
}

func (w *world) tellClaim(t *testing.T, d *datadriven.TestData, name string) string {
	m := w.group[name]
	d.ScanArgs(t, "generation", &m.Generation)
	m.Owned = nil
	for line := range strings.Lines(d.Input) {
		fields := strings.Fields(line)
		for _, field := range fields[1:] {
			var p Partition
			if _, err := fmt.Sscan(field, &p); err != nil {
				t.Fatal(err)
			}
			m.Owned = append(m.Owned, TopicPartition{fields[0], p})
		}
	}
	return ""
}

func (w *world) tellLook(t *testing.T, d *datadriven.TestData) string {
	var text string
	d.ScanArgs(t, "for", &text)
	duration, err := time.ParseDuration(text)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, a := range w.look(duration) {
		fmt.Fprintln(&b, a)
	}
	if b.Len() == 0 {
		return fmt.Sprintf("%4.1fs  nobody has done anything\n", w.now.Sub(dawn).Seconds())
	}
	return b.String()
}

// show prints who has what, input and partials partitions counted apart, and who
// gave up what for it.
func (w *world) show(moved map[TopicPartition]string) string {
	partials := map[string]bool{}
	for _, t := range w.topics {
		partials[t.Name] = t.Partials
	}
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(w.group)) {
		owned := slices.SortedFunc(slices.Values(w.group[name].Owned), TopicPartition.Compare)
		var count [kinds]int
		parts := ""
		for i, tp := range owned {
			if i == 0 || owned[i-1].Topic != tp.Topic {
				parts += "  " + tp.Topic
			}
			parts += fmt.Sprint(" ", tp.Partition)
			if partials[tp.Topic] {
				count[1]++
			} else {
				count[0]++
			}
		}
		fmt.Fprintf(&b, "%s  %d+%d%s\n", name, count[0], count[1], parts)
	}
	for _, tp := range slices.SortedFunc(maps.Keys(moved), TopicPartition.Compare) {
		fmt.Fprintf(&b, "%s gave up %s %d\n", moved[tp], tp.Topic, tp.Partition)
	}
	return b.String()
}
