// Package harness gives each test a real Kafka and a real PostgreSQL.
//
// A package's TestMain calls Main, a test calls Get:
//
//	func TestMain(m *testing.M) { os.Exit(harness.Main(m)) }
//
//	func TestX(t *testing.T) {
//		env := harness.Get(t)
//		cluster, url := env.Cluster(t), env.DatabaseURL(t)
//
// The servers are shared: by the tests of a package, and by all packages where
// the command harness/cmd/servers surrounds `go test`. So every test takes a
// cluster name and a database of its own, and prefixes its topics with the
// cluster's name. A test that stops or kills a server takes a private one from
// NewKafka, NewKafkaCluster (three brokers) or NewPostgres; those keep their port
// when they are started again.
//
// Which servers, in this order, printed once:
//
//  1. those that MILLRACE_TEST_KAFKA_BROKERS and MILLRACE_TEST_DATABASE_URL
//     name, each on its own;
//  2. containers, with MILLRACE_TEST_CONTAINERS=1: of the images that
//     MILLRACE_TEST_KAFKA_IMAGE and MILLRACE_TEST_POSTGRES_IMAGE name;
//  3. child processes: Apache Kafka from its Maven jars (Java and Maven are
//     installed where root runs on Debian and they are missing) and the host's
//     newest PostgreSQL, or where it has none, PostgreSQL 18 from
//     embedded-postgres. MILLRACE_TEST_POSTGRES_VERSION picks a major version.
//
// With containers, NewMillrace runs Millrace itself in one, of the image that
// MILLRACE_TEST_IMAGE names.
package harness
