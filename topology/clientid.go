package topology

import "strings"

// ClientID is how a node's member of the cluster's group is known by name: Kafka
// makes up the member's id itself, and keeps the client's beside it.
func ClientID(cluster, node string) string { return clientPrefix(cluster) + node }

// NodeOfClient returns the name of the node that a client of the cluster's group
// belongs to; ok is false for a client that is no node of this cluster.
func NodeOfClient(cluster, clientID string) (node string, ok bool) {
	node, ok = strings.CutPrefix(clientID, clientPrefix(cluster))
	return node, ok && node != ""
}

func clientPrefix(cluster string) string { return "millrace." + cluster + "." }
