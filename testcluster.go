package respserver

// TestCluster is a Cluster whose nodes are TestServers.
type TestCluster struct {
	*Cluster
	nodes []*TestServer
}

// StartTestCluster returns a cluster for a test, which is stopped when the test
// ends; a failure fails the test. Clients may use the test controls, as with
// StartTest.
func StartTestCluster(t Tester, options ...ClusterOptions) *TestCluster {
	t.Helper()
	var o ClusterOptions
	switch len(options) {
	case 0:
	case 1:
		o = options[0]
	default:
		t.Fatalf("StartTestCluster: %d ClusterOptions are given; a cluster has one", len(options))
		return nil
	}
	o.Options.Config = append([]string{"enable-testing-command yes"}, o.Options.Config...)
	c, err := StartCluster(o)
	if err != nil {
		t.Fatalf("%v", err)
		return nil
	}
	if f, ok := t.(failer); ok && c.network != nil && c.network.manual != nil {
		f.Logf("Options.Seed: %d repeats what the nodes do", c.Seed())
	}
	tc := &TestCluster{Cluster: c}
	for i := range c.Len() {
		tc.nodes = append(tc.nodes, &TestServer{Server: c.Server(i), t: t, bubble: bubble()})
	}
	t.Cleanup(func() { c.Close() })
	return tc
}

// Node returns node i: the masters that the cluster began with come first, then
// their replicas in turn.
func (c *TestCluster) Node(i int) *TestServer { return c.nodes[i] }
