package command

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/resp-server/resp-server/internal/compat"
	"github.com/resp-server/resp-server/internal/config"
	"github.com/resp-server/resp-server/internal/engine"
	"github.com/resp-server/resp-server/internal/pubsub"
)

var infoCommands = engine.Handlers{"info": info}

// infoSection is one section of INFO. It has the fields of Redis in the same
// order, since monitoring tools look for them. Fields without a meaning here
// have the value of an idle Redis server.
type infoSection struct {
	title string
	names []string // accepted as arguments
	since string   // the version that brought it; "": it is older than 7.0
	rare  bool     // only shown by name, or by "all"
	named bool     // only shown by name
	show  func(*infoText, *engine.Ctx)
}

var infoSections = []infoSection{
	{title: "Server", names: []string{"server"}, show: infoServer},
	{title: "Clients", names: []string{"clients"}, show: infoClients},
	{title: "Memory", names: []string{"memory"}, show: infoMemory},
	{title: "Persistence", names: []string{"persistence"}, show: infoPersistence},
	{title: "Threads", names: []string{"threads"}, since: "8.0", show: infoThreads},
	{title: "Stats", names: []string{"stats"}, show: infoStats},
	{title: "Replication", names: []string{"replication"}, show: infoReplication},
	{title: "CPU", names: []string{"cpu"}, show: infoCPU},
	{title: "Hotkeys", names: []string{"hotkeys"}, since: "8.6", show: infoHotKeys},
	{title: "Modules", names: []string{"modules", "module_list"}, show: func(*infoText, *engine.Ctx) {}},
	{title: "Commandstats", names: []string{"commandstats"}, rare: true, show: infoCommandStats},
	{title: "Errorstats", names: []string{"errorstats"}, show: infoErrorStats},
	{title: "Latencystats", names: []string{"latencystats"}, rare: true, show: infoLatencyStats},
	{title: "Cluster", names: []string{"cluster"}, show: infoCluster},
	{title: "Keyspace", names: []string{"keyspace"}, show: infoKeyspace},
	{title: "Debug", names: []string{"debug"}, named: true, show: infoDebug},
}

// sentinelInfoSections are those that a sentinel has.
var sentinelInfoSections = []infoSection{
	{title: "Server", names: []string{"server"}, show: infoServer},
	{title: "Clients", names: []string{"clients"}, show: infoClients},
	{title: "Stats", names: []string{"stats"}, show: infoStats},
	{title: "CPU", names: []string{"cpu"}, show: infoCPU},
	{title: "Sentinel", names: []string{"sentinel"}, show: infoSentinel},
}

// INFO [section [section ...]]
func info(c *engine.Ctx) error {
	var t infoText
	if c.Sentinel() != nil {
		for i := range sentinelInfoSections {
			t.section(&sentinelInfoSections[i], c)
		}
		return c.Bulk(t)
	}
	for i := range infoSections {
		t.section(&infoSections[i], c)
	}
	c.Out().Verbatim("txt", string(t.until(c.Config.Edition)))
	return nil
}

// infoSince has the fields and titles that are newer than Redis 7.0, with their
// versions.
var infoSince = map[string]string{
	"listener0": "7.2", "total_blocking_keys": "7.2", "total_blocking_keys_on_nokey": "7.2", "eventloop_cycles": "7.2",
	"eventloop_duration_sum": "7.2", "eventloop_duration_cmd_sum": "7.2", "instantaneous_eventloop_cycles_per_sec": "7.2",
	"instantaneous_eventloop_duration_usec": "7.2", "acl_access_denied_auth": "7.2", "acl_access_denied_cmd": "7.2",
	"acl_access_denied_key": "7.2", "acl_access_denied_channel": "7.2",
	"pubsub_clients": "7.4", "watching_clients": "7.4", "total_watched_keys": "7.4", "allocator_muzzy": "7.4",
	"mem_overhead_db_hashtable_rehashing": "7.4", "expired_subkeys": "7.4", "evicted_scripts": "7.4",
	"client_query_buffer_limit_disconnections": "7.4", "client_output_buffer_limit_disconnections": "7.4",
	"# Debug": "7.2", "eventloop_duration_aof_sum": "7.2", "eventloop_duration_cron_sum": "7.2", "eventloop_duration_max": "7.2", "eventloop_cmd_per_cycle_max": "7.2",
	"allocator_allocated_lua": "7.4", "allocator_active_lua": "7.4", "allocator_resident_lua": "7.4", "allocator_frag_bytes_lua": "7.4",
	"mem_replica_full_sync_buffer": "8.0", "replica_full_sync_buffer_size": "8.0", "replica_full_sync_buffer_peak": "8.0",
	"used_memory_peak_time": "8.2", "io_threaded_total_prefetch_batches": "8.2", "io_threaded_total_prefetch_entries": "8.2",
	"master_current_sync_attempts": "8.2", "master_total_sync_attempts": "8.2",
	"rdb_saves_consecutive_failures": "8.4", "mem_cluster_slot_migration_output_buffer": "8.4",
	"mem_cluster_slot_migration_input_buffer": "8.4", "mem_cluster_slot_migration_input_buffer_peak": "8.4",
	"expired_subkeys_active": "8.6", "expired_keys_active": "8.6", "acl_access_denied_tls_cert": "8.6",
	"active_clients": "8.8", "mem_clients_normal_shared": "8.8", "mem_clients_normal_unshared": "8.8",
	"eventloop_cycles_with_clients_processing": "8.8", "total_client_processing_events": "8.8", "avg_pipeline_length_sum": "8.8",
	"avg_pipeline_length_cnt": "8.8", "avg_pipeline_length": "8.8", "slowlog_commands_count": "8.8",
	"slowlog_commands_time_ms_max": "8.8", "slowlog_commands_time_ms_sum": "8.8",
}

// until returns the lines that an edition has.
func (t infoText) until(edition *compat.Edition) infoText {
	var kept infoText
	for line := range bytes.Lines(t) {
		name, _, _ := bytes.Cut(bytes.TrimRight(line, "\r\n"), []byte(":"))
		if since := infoSince[string(name)]; since == "" || edition.Is(since) {
			kept = append(kept, line...)
		} else if name[0] == '#' {
			kept = bytes.TrimSuffix(kept, []byte("\r\n")) // the empty line above the title
		}
	}
	return kept
}

// section adds a section if it was asked for.
func (t *infoText) section(s *infoSection, c *engine.Ctx) {
	if !s.wanted(c.Args[1:]) || s.since != "" && !c.Config.Edition.Is(s.since) {
		return
	}
	if len(*t) > 0 {
		*t = append(*t, "\r\n"...)
	}
	*t = append(*t, "# "+s.title+"\r\n"...)
	s.show(t, c)
}

func (s *infoSection) wanted(args [][]byte) bool {
	if len(args) == 0 {
		return !s.rare && !s.named
	}
	for _, a := range args {
		if !s.named && (engine.EqualFold(a, "all") || engine.EqualFold(a, "everything") || engine.EqualFold(a, "default") && !s.rare) {
			return true
		}
		for _, name := range s.names {
			if engine.EqualFold(a, name) {
				return true
			}
		}
	}
	return false
}

// infoText is the reply under construction.
type infoText []byte

func (t *infoText) text(name, value string) {
	*t = append(append(append(append(*t, name...), ':'), value...), "\r\n"...)
}

func (t *infoText) num(name string, n int64) { t.text(name, strconv.FormatInt(n, 10)) }

func (t *infoText) flag(name string, on bool) {
	n := int64(0)
	if on {
		n = 1
	}
	t.num(name, n)
}

func (t *infoText) count(name string, n uint64) { t.text(name, strconv.FormatUint(n, 10)) }

func (t *infoText) line(format string, args ...any) { *t = fmt.Appendf(*t, format+"\r\n", args...) }

// bytes writes a size, and again in human-readable form.
func (t *infoText) bytes(name string, n int64) {
	t.num(name, n)
	t.text(name+"_human", humanBytes(n))
}

func humanBytes(n int64) string {
	if n < 1024 {
		return strconv.FormatInt(n, 10) + "B"
	}
	f := float64(n) / 1024
	for _, unit := range "KMGT" {
		if f < 1024 {
			return fmt.Sprintf("%.2f%c", f, unit)
		}
		f /= 1024
	}
	return fmt.Sprintf("%.2fP", f)
}

// setting returns the value of a setting as in CONFIG GET.
func setting(c *engine.Ctx, name string) string {
	p, _ := config.Find(name)
	return c.Config.Get(p)
}

func infoServer(t *infoText, c *engine.Ctx) {
	exe, _ := os.Executable()
	up := (c.NowMilli() - c.Started()) / 1000
	t.text("redis_version", c.Config.Edition.Version.String())
	t.text("redis_git_sha1", "00000000") // this is not a build of Redis's source
	t.num("redis_git_dirty", 0)
	t.text("redis_build_id", buildID())
	t.text("redis_mode", mode(c))
	t.text("os", osName())
	t.num("arch_bits", strconv.IntSize)
	t.text("monotonic_clock", "POSIX clock_gettime")
	t.text("multiplexing_api", multiplexing())
	t.text("atomicvar_api", "c11-builtin")
	t.text("gcc_version", "0.0.0") // Redis shows this when another compiler built it
	t.num("process_id", int64(os.Getpid()))
	t.text("process_supervised", supervisor(c))
	t.text("run_id", c.RunID)
	t.num("tcp_port", c.Config.Port)
	t.num("server_time_usec", c.NowMicro())
	t.num("uptime_in_seconds", up)
	t.num("uptime_in_days", up/(24*60*60))
	t.text("hz", setting(c, "hz"))
	t.text("configured_hz", setting(c, "hz"))
	t.num("lru_clock", c.NowMilli()/1000&(1<<24-1))
	t.text("executable", exe)
	t.text("config_file", c.ConfigFile())
	t.flag("io_threads_active", c.Config.IOThreads > 1)
	if ms, waits := c.ShutdownIn(); waits {
		t.num("shutdown_in_milliseconds", ms)
	}
	for _, l := range c.Listeners() {
		t.text("listener"+strconv.Itoa(int(l.Kind)), l.String())
	}
}

// supervisor returns the configured supervisor of the process.
func supervisor(c *engine.Ctx) string {
	if s := setting(c, "supervised"); s == "systemd" || s == "upstart" {
		return s
	}
	return "no"
}

func infoClients(t *infoText, c *engine.Ctx) {
	var clients, subscribers, watching, watched, active int64
	var input, output int
	for s := range c.Sessions {
		clients++
		u := s.Usage()
		input = max(input, u.Query+u.QueryFree)
		output = max(output, u.ReplySize+u.Output)
		if s.Subscriptions() > 0 {
			subscribers++
		}
		if s.IsActive() {
			active++
		}
		if n := s.WatchCount(); n > 0 {
			watching++
			watched += int64(n)
		}
	}
	keys, orGone := c.BlockedKeys()
	tracking, _, _, _ := c.TrackingUse()
	t.num("connected_clients", clients-int64(len(c.Replicas())))
	t.num("cluster_connections", int64(c.ClusterLinks()))
	t.num("maxclients", c.Config.MaxClients)
	t.num("client_recent_max_input_buffer", int64(input))
	t.num("client_recent_max_output_buffer", int64(output))
	t.num("blocked_clients", int64(c.Blocked()))
	t.num("tracking_clients", int64(tracking))
	t.num("pubsub_clients", subscribers)
	t.num("watching_clients", watching)
	t.num("clients_in_timeout_table", int64(c.Timeouts()))
	t.num("active_clients", active)
	t.num("total_watched_keys", watched)
	t.num("total_blocking_keys", int64(keys))
	t.num("total_blocking_keys_on_nokey", int64(orGone))
}

// infoMemory shows the memory of data and clients. The fields of RSS and the
// allocator are about the whole Go program.
func infoMemory(t *infoText, c *engine.Ctx) {
	m, h := c.MeasureMemory(), readHeap()
	used, peak := m.Total(), c.Stats.PeakMemory
	t.bytes("used_memory", used)
	t.bytes("used_memory_rss", h.resident)
	t.bytes("used_memory_peak", peak)
	t.num("used_memory_peak_time", c.Stats.PeakTime)
	t.line("used_memory_peak_perc:%.2f%%", 100*ratio(used, peak))
	t.num("used_memory_overhead", m.Overhead())
	t.num("used_memory_startup", m.Startup)
	t.num("used_memory_dataset", m.Dataset)
	t.line("used_memory_dataset_perc:%.2f%%", 100*ratio(m.Dataset, used-m.Startup))
	t.num("allocator_allocated", h.objects)
	t.num("allocator_active", h.active)
	t.num("allocator_resident", h.resident)
	t.num("allocator_muzzy", 0)
	t.bytes("total_system_memory", systemMemory())
	infoScripts(t, c)
	t.bytes("maxmemory", c.Config.MaxMemory)
	t.text("maxmemory_policy", c.Config.MaxMemoryPolicy)
	t.line("allocator_frag_ratio:%.2f", ratio(h.active, h.objects))
	t.num("allocator_frag_bytes", h.active-h.objects)
	t.line("allocator_rss_ratio:%.2f", ratio(h.resident, h.active))
	t.num("allocator_rss_bytes", h.resident-h.active)
	t.line("rss_overhead_ratio:%.2f", 1.0)
	t.num("rss_overhead_bytes", 0)
	t.line("mem_fragmentation_ratio:%.2f", ratio(h.resident, used))
	t.num("mem_fragmentation_bytes", h.resident-used)
	t.num("mem_not_counted_for_evict", 0)
	_, backlog := c.Backlog()
	t.num("mem_replication_backlog", backlog)
	t.num("mem_total_replication_buffers", backlog)
	t.num("mem_replica_full_sync_buffer", 0) // see replica_full_sync_buffer_size
	t.num("mem_clients_slaves", 0)
	t.num("mem_clients_normal", m.Clients)
	t.num("mem_clients_normal_shared", 0) // each reply is copied to the client's own buffer
	t.num("mem_clients_normal_unshared", waitingReplies(c))
	t.num("mem_cluster_slot_migration_output_buffer", 0)
	t.num("mem_cluster_slot_migration_input_buffer", 0)
	t.num("mem_cluster_slot_migration_input_buffer_peak", 0)
	t.num("mem_cluster_links", int64(c.ClusterLinkMemory()))
	t.num("mem_aof_buffer", c.AppendInfo().BufferLength)
	t.text("mem_allocator", "go")
	t.num("mem_overhead_db_hashtable_rehashing", 0)
	t.num("active_defrag_running", 0)
	t.num("lazyfree_pending_objects", 0)
	t.count("lazyfreed_objects", c.Stats.FreedLater)
}

// waitingReplies returns the memory of replies that clients have not taken.
func waitingReplies(c *engine.Ctx) (sum int64) {
	for s := range c.Sessions {
		sum += int64(s.Usage().Output)
	}
	return sum
}

// infoScripts shows the memory of scripts and functions, a part of the
// program's memory.
func infoScripts(t *infoText, c *engine.Ctx) {
	libraries, functions := c.Functions.Len()
	scriptSource, scriptMachine := c.Scripts.Size()
	functionSource, functionMachine := c.Functions.Size()
	t.num("used_memory_lua", int64(scriptMachine))
	t.num("used_memory_vm_eval", int64(scriptMachine))
	t.text("used_memory_lua_human", humanBytes(int64(scriptMachine)))
	t.num("used_memory_scripts_eval", int64(scriptSource))
	t.num("number_of_cached_scripts", int64(c.Scripts.Len()))
	t.num("number_of_functions", int64(functions))
	t.num("number_of_libraries", int64(libraries))
	t.num("used_memory_vm_functions", int64(functionMachine))
	t.bytes("used_memory_vm_total", int64(scriptMachine+functionMachine))
	t.num("used_memory_functions", int64(functionSource))
	t.bytes("used_memory_scripts", int64(scriptSource+functionSource))
}

func infoPersistence(t *infoText, c *engine.Ctx) {
	s := &c.Saving
	running, current, status := int64(0), int64(-1), "ok"
	if c.SendingSnapshots() {
		running = 1
	}
	if s.Since != 0 {
		running, current = 1, c.NowMilli()/1000-s.Since
	}
	if s.Failed {
		status = "err"
	}
	loading, on := c.Loading()
	t.flag("loading", on && !loading.Async)
	t.flag("async_loading", loading.Async)
	processed, total := c.Progress()
	t.num("current_cow_peak", 0)
	t.num("current_cow_size", 0)
	t.num("current_cow_size_age", 0)
	t.line("current_fork_perc:%.2f", 100*ratio(processed, total))
	t.num("current_save_keys_processed", processed)
	t.num("current_save_keys_total", total)
	t.count("rdb_changes_since_last_save", c.Stats.Changes)
	t.num("rdb_bgsave_in_progress", running)
	t.num("rdb_last_save_time", s.Last)
	t.text("rdb_last_bgsave_status", status)
	t.num("rdb_last_bgsave_time_sec", s.Took)
	t.num("rdb_current_bgsave_time_sec", current)
	t.count("rdb_saves", c.Stats.Saves)
	t.count("rdb_saves_consecutive_failures", c.Stats.SaveFailures)
	t.num("rdb_last_cow_size", 0)
	t.num("rdb_last_load_keys_expired", int64(s.Expired))
	t.num("rdb_last_load_keys_loaded", int64(s.Loaded))
	a := c.AppendInfo()
	t.num("aof_enabled", bit(a.Enabled))
	t.num("aof_rewrite_in_progress", bit(a.Rewriting))
	t.num("aof_rewrite_scheduled", bit(a.Scheduled))
	t.num("aof_last_rewrite_time_sec", secondsOf(a.RewriteTook))
	t.num("aof_current_rewrite_time_sec", secondsOf(a.RewriteTakes))
	t.text("aof_last_bgrewrite_status", okUnless(a.RewriteFailed))
	t.num("aof_rewrites", a.Rewrites)
	t.num("aof_rewrites_consecutive_failures", a.Failures)
	t.text("aof_last_write_status", okUnless(a.WriteFailed))
	t.num("aof_last_cow_size", 0)
	t.num("module_fork_in_progress", 0)
	t.num("module_fork_last_cow_size", 0)
	if a.Enabled {
		t.num("aof_current_size", a.CurrentSize)
		t.num("aof_base_size", a.BaseSize)
		t.num("aof_pending_rewrite", bit(a.Scheduled))
		t.num("aof_buffer_length", a.BufferLength)
		t.num("aof_pending_bio_fsync", bit(a.PendingFsync))
		t.num("aof_delayed_fsync", a.DelayedFsync)
	}
	if on {
		infoLoading(t, c, loading)
	}
}

// infoLoading shows how far the loading is. If it is not known how much there is to
// load, the rest is taken for one byte, as in Redis.
func infoLoading(t *infoText, c *engine.Ctx, l engine.LoadingView) {
	left, eta := int64(1), int64(1)
	if l.Total > 0 {
		left = l.Total - l.Read
	}
	if passed := c.NowMilli()/1000 - l.Began; passed > 0 {
		eta = passed * left / (l.Read + 1)
	}
	t.num("loading_start_time", l.Began)
	t.num("loading_total_bytes", l.Total)
	t.num("loading_rdb_used_mem", 0)
	t.num("loading_loaded_bytes", l.Read)
	t.line("loading_loaded_perc:%.2f", 100*ratio(l.Read, l.Total))
	t.num("loading_eta_seconds", eta)
}

func bit(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// secondsOf returns whole seconds, and -1 for a negative duration.
func secondsOf(d time.Duration) int64 {
	if d < 0 {
		return -1
	}
	return int64(d / time.Second)
}

func okUnless(failed bool) string {
	if failed {
		return "err"
	}
	return "ok"
}

func infoStats(t *infoText, c *engine.Ctx) {
	s := &c.Stats
	t.count("total_connections_received", s.Connections)
	t.count("total_commands_processed", s.Commands)
	rates := c.Rates()
	t.num("instantaneous_ops_per_sec", int64(rates.Commands))
	t.count("total_net_input_bytes", s.InputBytes)
	t.count("total_net_output_bytes", s.OutputBytes)
	t.count("total_net_repl_input_bytes", s.ReplicationInput)
	t.count("total_net_repl_output_bytes", c.ReplicationOutput())
	t.line("instantaneous_input_kbps:%.2f", rates.InputBytes/1024)
	t.line("instantaneous_output_kbps:%.2f", rates.OutputBytes/1024)
	t.line("instantaneous_input_repl_kbps:%.2f", 0.0)
	t.line("instantaneous_output_repl_kbps:%.2f", 0.0)
	t.count("rejected_connections", s.RejectedConnections)
	t.count("sync_full", s.FullSyncs)
	t.count("sync_partial_ok", s.PartialSyncs)
	t.count("sync_partial_err", s.RefusedPartialSyncs)
	t.count("expired_subkeys", s.ExpiredFields)
	t.count("expired_subkeys_active", s.ExpiredFieldsUnasked)
	t.count("expired_keys", s.ExpiredKeys)
	t.count("expired_keys_active", s.ExpiredKeysUnasked)
	t.line("expired_stale_perc:%.2f", 0.0) // keys are deleted as soon as they expire
	t.count("expired_time_cap_reached_count", s.ExpiryCuts)
	t.num("expire_cycle_cpu_milliseconds", s.ExpiryTime.Milliseconds())
	t.count("evicted_keys", s.EvictedKeys)
	t.count("evicted_clients", s.EvictedClients)
	t.count("evicted_scripts", s.EvictedScripts)
	over, overNow := c.OverMemory()
	t.num("total_eviction_exceeded_time", over.Milliseconds())
	t.num("current_eviction_exceeded_time", overNow.Milliseconds())
	t.count("keyspace_hits", s.Hits)
	t.count("keyspace_misses", s.Misses)
	t.num("pubsub_channels", int64(c.PubSub.Len(pubsub.Channel)))
	t.num("pubsub_patterns", int64(c.PubSub.Len(pubsub.Pattern)))
	t.num("pubsubshard_channels", int64(c.PubSub.Len(pubsub.Shard)))
	t.num("latest_fork_usec", 0)
	t.num("total_forks", int64(c.Stats.Clones))
	t.num("migrate_cached_sockets", int64(c.Targets()))
	t.num("slave_expires_tracked_keys", int64(c.OwnKeys()))
	t.num("active_defrag_hits", 0)
	t.num("active_defrag_misses", 0)
	t.num("active_defrag_key_hits", 0)
	t.num("active_defrag_key_misses", 0)
	t.num("total_active_defrag_time", 0)
	t.num("current_active_defrag_time", 0)
	_, keys, items, prefixes := c.TrackingUse()
	t.num("tracking_total_keys", int64(keys))
	t.num("tracking_total_items", int64(items))
	t.num("tracking_total_prefixes", int64(prefixes))
	t.count("unexpected_error_replies", c.Stats.UnexpectedErrors)
	t.count("total_error_replies", s.ErrorReplies)
	t.num("dump_payload_sanitizations", 0)
	t.count("total_reads_processed", s.Reads)
	t.count("total_writes_processed", s.Writes)
	reads, writes := s.Reads, s.Writes
	if c.Config.IOThreads == 1 {
		reads, writes = 0, 0
	}
	t.count("io_threaded_reads_processed", reads)
	t.count("io_threaded_writes_processed", writes)
	t.num("io_threaded_total_prefetch_batches", 0)
	t.num("io_threaded_total_prefetch_entries", 0)
	t.count("client_query_buffer_limit_disconnections", s.QueryLimitKills)
	t.count("client_output_buffer_limit_disconnections", s.OutputLimitKills)
	t.num("reply_buffer_shrinks", 0)
	t.num("reply_buffer_expands", 0)
	t.count("eventloop_cycles", s.Batches)
	t.num("eventloop_duration_sum", s.BatchTime.Microseconds())
	t.num("eventloop_duration_cmd_sum", s.CommandTime.Microseconds())
	t.num("instantaneous_eventloop_cycles_per_sec", int64(rates.Batches+0.5))
	t.num("instantaneous_eventloop_duration_usec", rates.BatchTime.Microseconds())
	t.count("eventloop_cycles_with_clients_processing", s.InputBatches)
	t.count("total_client_processing_events", s.Reads)
	t.count("avg_pipeline_length_sum", s.Pipelines.Sum)
	t.count("avg_pipeline_length_cnt", s.Pipelines.Samples)
	t.line("avg_pipeline_length:%.2f", ratio(int64(s.Pipelines.Sum), int64(s.Pipelines.Samples)))
	t.count("slowlog_commands_count", s.Slow.Count)
	t.line("slowlog_commands_time_ms_max:%.2f", inMilliseconds(s.Slow.Most))
	t.line("slowlog_commands_time_ms_sum:%.2f", inMilliseconds(s.Slow.Sum))
	t.count("acl_access_denied_auth", s.Denied.Logins)
	t.count("acl_access_denied_cmd", s.Denied.Commands)
	t.count("acl_access_denied_key", s.Denied.Keys)
	t.count("acl_access_denied_channel", s.Denied.Channels)
	t.num("acl_access_denied_tls_cert", 0) // certificates name no users
}

// inMilliseconds returns a duration of whole microseconds.
func inMilliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// infoThreads shows the threads of the event loop as one, by which all clients are served.
func infoThreads(t *infoText, c *engine.Ctx) {
	clients := 0
	for range c.Sessions {
		clients++
	}
	t.line("io_thread_0:clients=%d,reads=%d,writes=%d", clients, c.Stats.Reads, c.Stats.Writes)
}

// infoCPU shows the times of the whole program. A Go program has no main
// thread, so its fields show the same.
func infoCPU(t *infoText, _ *engine.Ctx) {
	user, sys := cpuTime(false)
	userBelow, sysBelow := cpuTime(true)
	seconds := func(name string, d time.Duration) { t.line("used_cpu_%s:%.6f", name, d.Seconds()) }
	seconds("sys", sys)
	seconds("user", user)
	seconds("sys_children", sysBelow)
	seconds("user_children", userBelow)
	seconds("sys_main_thread", sys)
	seconds("user_main_thread", user)
}

func infoHotKeys(t *infoText, c *engine.Ctx) {
	if h := c.HotKeys(); h != nil {
		t.flag("hotkeys-tracking-active", h.Active())
		t.num("hotkeys-cmd-cpu-time", h.Own.Milliseconds())
	}
}

func infoCommandStats(t *infoText, c *engine.Ctx) {
	for _, cmd := range c.Table().All() {
		s := c.Stats.Of(cmd)
		if s == nil || s.Calls+s.Rejected == 0 {
			continue
		}
		us := s.Time.Microseconds()
		slow := ""
		if s.Slow.Count > 0 && c.Since(compat.SlowCommands) {
			slow = fmt.Sprintf(",slowlog_count=%d,slowlog_time_ms_sum=%.2f,slowlog_time_ms_max=%.2f", s.Slow.Count, inMilliseconds(s.Slow.Sum), inMilliseconds(s.Slow.Most))
		}
		t.line("cmdstat_%s:calls=%d,usec=%d,usec_per_call=%.2f,rejected_calls=%d,failed_calls=%d%s",
			cmd.FullName, s.Calls, us, float64(us)/float64(max(s.Calls, 1)), s.Rejected, s.Failed, slow)
	}
}

func infoErrorStats(t *infoText, c *engine.Ctx) {
	for _, code := range slices.Sorted(maps.Keys(c.Stats.Errors)) {
		t.line("errorstat_%s:count=%d", code, c.Stats.Errors[code])
	}
}

func infoLatencyStats(t *infoText, c *engine.Ctx) {
	if !c.Config.LatencyTracking {
		return
	}
	for _, cmd := range c.Table().All() {
		h := latencyOf(c, cmd)
		if h == nil {
			continue
		}
		var list []string
		for _, p := range c.Config.LatencyPercentiles {
			list = append(list, fmt.Sprintf("p%s=%.3f", config.FormatPercentile(p), float64(h.Percentile(p))/1000))
		}
		t.text("latency_percentiles_usec_"+cmd.FullName, strings.Join(list, ","))
	}
}

func infoCluster(t *infoText, c *engine.Ctx) {
	enabled := int64(0)
	if c.Cluster() != nil {
		enabled = 1
	}
	t.num("cluster_enabled", enabled)
}

func infoKeyspace(t *infoText, c *engine.Ctx) {
	for db := range c.Keyspace.Used {
		ttl := int64(0)
		if at := db.MeanExpiry(); at != 0 {
			ttl = max(at-c.ExpiryMilli(), 0)
		}
		text := fmt.Sprintf("keys=%d,expires=%d,avg_ttl=%d", db.Len(), db.Expires(), ttl)
		if c.Since(compat.ElementExpiry) {
			text += fmt.Sprintf(",subexpiry=%d", db.ElementExpires())
		}
		t.text("db"+strconv.Itoa(db.Index()), text)
	}
}

func infoDebug(t *infoText, c *engine.Ctx) {
	s := &c.Stats
	_, scripts := c.Scripts.Size()
	_, functions := c.Functions.Size()
	t.num("eventloop_duration_aof_sum", 0)
	t.num("eventloop_duration_cron_sum", s.TickTime.Microseconds())
	t.num("eventloop_duration_max", s.LongestBatch.Microseconds())
	t.count("eventloop_cmd_per_cycle_max", s.MostCommands)
	t.num("allocator_allocated_lua", int64(scripts+functions))
	t.num("allocator_active_lua", int64(scripts+functions))
	t.num("allocator_resident_lua", int64(scripts+functions))
	t.num("allocator_frag_bytes_lua", 0)
}

func infoSentinel(t *infoText, c *engine.Ctx) {
	g := c.Sentinel()
	s := g.State()
	tiltedFor := int64(-1)
	if s.Tilt {
		tiltedFor = (c.NowMilli() - s.TiltSince) / 1000
	}
	t.num("sentinel_masters", int64(len(g.Masters())))
	t.flag("sentinel_tilt", s.Tilt)
	t.num("sentinel_tilt_since_seconds", tiltedFor)
	t.num("sentinel_running_scripts", int64(s.RunningScripts))
	t.num("sentinel_scripts_queue_length", int64(s.Scripts))
	t.num("sentinel_simulate_failure_flags", int64(s.Failures))
	for i, m := range g.Masters() {
		t.text("master"+strconv.Itoa(i), g.Summary(m))
	}
}
