package miniredis

import (
	"errors"
	"slices"
	"strings"
	"time"

	respserver "github.com/resp-server/resp-server"
)

var (
	// ErrKeyNotFound is returned for a key that does not exist.
	ErrKeyNotFound = errors.New("ERR no such key")
	// ErrWrongType is returned for a key that holds something else.
	ErrWrongType = errors.New("WRONGTYPE Operation against a key holding the wrong kind of value")
	// ErrNotValidHllValue is returned for a key that holds no HyperLogLog.
	ErrNotValidHllValue = errors.New("WRONGTYPE Key is not a valid HyperLogLog string value.")
	// ErrIntValueError is returned for a value that is not an integer.
	ErrIntValueError = errors.New("ERR value is not an integer or out of range")
	// ErrIntValueOverflowError is returned where an integer would become too large.
	ErrIntValueOverflowError = errors.New("ERR increment or decrement would overflow")
	// ErrFloatValueError is returned for a value that is not a number.
	ErrFloatValueError = errors.New("ERR value is not a valid float")
)

// known returns the variable for an error reply, where there is one.
func known(err error) error {
	if err == nil {
		return nil
	}
	text := err.Error()
	switch {
	case text == ErrNotValidHllValue.Error():
		return ErrNotValidHllValue
	case strings.HasPrefix(text, "WRONGTYPE "):
		return ErrWrongType
	case strings.HasSuffix(text, "value is not an integer or out of range"), strings.HasSuffix(text, "hash value is not an integer"):
		return ErrIntValueError
	case strings.HasSuffix(text, "would overflow"):
		return ErrIntValueOverflowError
	case strings.HasSuffix(text, "value is not a valid float"), strings.HasSuffix(text, "hash value is not a float"):
		return ErrFloatValueError
	}
	return err
}

// words returns a command: what comes first, and then the elements of lists.
func words(parts ...any) (args []any) {
	for _, p := range parts {
		list, ok := p.([]string)
		if !ok {
			args = append(args, p)
			continue
		}
		for _, s := range list {
			args = append(args, s)
		}
	}
	return args
}

func sorted(reply respserver.Reply) []string {
	list := reply.Strings()
	slices.Sort(list)
	return list
}

// found returns err, or ErrKeyNotFound if nothing was found without an error.
func found[T any](list []T, err error) ([]T, error) {
	if err == nil && len(list) == 0 {
		return nil, ErrKeyNotFound // no key is empty
	}
	return list, err
}

// RedisDB is one database. Its methods, and those of the same name of Miniredis,
// use the data directly: no password is needed, and no hook is called.
type RedisDB struct {
	m  *Miniredis
	id int
}

// DB returns a database.
func (m *Miniredis) DB(i int) *RedisDB { return &RedisDB{m, i} }

// Select chooses the database of the functions that use data directly.
func (m *Miniredis) Select(i int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.selected = i
}

func (m *Miniredis) db() *RedisDB {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.DB(m.selected)
}

// do runs a command.
func (db *RedisDB) do(parts ...any) (respserver.Reply, error) {
	reply, err := db.m.behind.Do(db.id, words(parts...)...)
	return reply, known(err)
}

func (db *RedisDB) int(parts ...any) (int, error) {
	reply, err := db.do(parts...)
	return int(reply.Int()), err
}

// must is int for keys that have to exist: of a reply that is 0 it looks why.
func (db *RedisDB) must(key string, parts ...any) (int, error) {
	n, err := db.int(parts...)
	if err == nil && n == 0 && !db.Exists(key) {
		err = ErrKeyNotFound
	}
	return n, err
}

// FlushAll removes all keys of all databases.
func (m *Miniredis) FlushAll() { m.db().do("FLUSHALL") }

// FlushDB removes all keys.
func (m *Miniredis) FlushDB() { m.db().FlushDB() }

// FlushDB removes all keys.
func (db *RedisDB) FlushDB() { db.do("FLUSHDB") }

// SwapDB exchanges the data of two databases.
func (m *Miniredis) SwapDB(i, j int) bool {
	_, err := m.db().do("SWAPDB", i, j)
	return err == nil
}

// Copy copies a key, also to another database, in place of what is there.
func (m *Miniredis) Copy(srcDB int, src string, destDB int, dest string) error {
	db := m.DB(srcDB)
	if srcDB == destDB && src == dest {
		if !db.Exists(src) {
			return ErrKeyNotFound
		}
		return nil
	}
	n, err := db.int("COPY", src, dest, "DB", destDB, "REPLACE")
	if err == nil && n == 0 {
		err = ErrKeyNotFound
	}
	return err
}

// Keys returns all keys, sorted.
func (m *Miniredis) Keys() []string { return m.db().Keys() }

// Keys returns all keys, sorted.
func (db *RedisDB) Keys() []string {
	reply, _ := db.do("KEYS", "*")
	return sorted(reply)
}

// Exists reports whether there is a key.
func (m *Miniredis) Exists(k string) bool { return m.db().Exists(k) }

// Exists reports whether there is a key.
func (db *RedisDB) Exists(k string) bool {
	n, _ := db.int("EXISTS", k)
	return n == 1
}

// Type returns the type of a key as TYPE does, "" if there is none.
func (m *Miniredis) Type(k string) string { return m.db().Type(k) }

// Type returns the type of a key as TYPE does, "" if there is none.
func (db *RedisDB) Type(k string) string {
	reply, _ := db.do("TYPE", k)
	if t := reply.Text(); t != "none" {
		return t
	}
	return ""
}

// Del removes a key and reports whether there was one.
func (m *Miniredis) Del(k string) bool { return m.db().Del(k) }

// Del removes a key and reports whether there was one.
func (db *RedisDB) Del(k string) bool {
	n, _ := db.int("DEL", k)
	return n == 1
}

// Unlink is Del.
func (m *Miniredis) Unlink(k string) bool { return m.Del(k) }

// Unlink is Del.
func (db *RedisDB) Unlink(k string) bool { return db.Del(k) }

// TTL returns what a key has left to live, 0 if it lives on or does not exist.
func (m *Miniredis) TTL(k string) time.Duration { return m.db().TTL(k) }

// TTL returns what a key has left to live, 0 if it lives on or does not exist.
func (db *RedisDB) TTL(k string) time.Duration {
	ms, _ := db.int("PTTL", k)
	return time.Duration(max(ms, 0)) * time.Millisecond
}

// SetTTL sets what a key has left to live: whole milliseconds, 0 for ever.
func (m *Miniredis) SetTTL(k string, ttl time.Duration) { m.db().SetTTL(k, ttl) }

// SetTTL sets what a key has left to live: whole milliseconds, 0 for ever.
func (db *RedisDB) SetTTL(k string, ttl time.Duration) {
	if ttl == 0 {
		db.do("PERSIST", k)
	} else {
		db.do("PEXPIRE", k, milli(ttl))
	}
}

// milli returns whole milliseconds, at least 1 of a positive duration.
func milli(d time.Duration) int64 {
	if d > 0 {
		return max(d.Milliseconds(), 1)
	}
	return d.Milliseconds()
}

// Get returns a string.
func (m *Miniredis) Get(k string) (string, error) { return m.db().Get(k) }

// Get returns a string.
func (db *RedisDB) Get(k string) (string, error) {
	reply, err := db.do("GET", k)
	return text(reply, err)
}

// text returns the text of a reply, and ErrKeyNotFound for a null.
func text(reply respserver.Reply, err error) (string, error) {
	switch {
	case err != nil:
		return "", err
	case reply.IsNull():
		return "", ErrKeyNotFound
	}
	return reply.Text(), nil
}

// Set sets a string, which lives on. A key that holds something else stays.
func (m *Miniredis) Set(k, v string) error { return m.db().Set(k, v) }

// Set sets a string, which lives on. A key that holds something else stays.
func (db *RedisDB) Set(k, v string) error {
	_, err := db.do("SET", k, v, "GET") // GET is for strings only
	return err
}

// Incr adds to an integer and returns the sum.
func (m *Miniredis) Incr(k string, delta int) (int, error) { return m.db().Incr(k, delta) }

// Incr adds to an integer and returns the sum.
func (db *RedisDB) Incr(k string, delta int) (int, error) { return db.int("INCRBY", k, delta) }

// Incrfloat adds to a number and returns the sum.
func (m *Miniredis) Incrfloat(k string, delta float64) (float64, error) {
	return m.db().Incrfloat(k, delta)
}

// IncrByFloat is Incrfloat.
func (m *Miniredis) IncrByFloat(k string, delta float64) (float64, error) {
	return m.Incrfloat(k, delta)
}

// Incrfloat adds to a number and returns the sum.
func (db *RedisDB) Incrfloat(k string, delta float64) (float64, error) {
	reply, err := db.do("INCRBYFLOAT", k, delta)
	return reply.Float(), err
}

// List returns the elements of a list.
func (m *Miniredis) List(k string) ([]string, error) { return m.db().List(k) }

// List returns the elements of a list.
func (db *RedisDB) List(k string) ([]string, error) {
	reply, err := db.do("LRANGE", k, 0, -1)
	return found(reply.Strings(), err)
}

// Lpush adds an element at the head of a list and returns the new length.
func (m *Miniredis) Lpush(k, v string) (int, error) { return m.db().Lpush(k, v) }

// Lpush adds an element at the head of a list and returns the new length.
func (db *RedisDB) Lpush(k, v string) (int, error) { return db.int("LPUSH", k, v) }

// Lpop takes the first element of a list.
func (m *Miniredis) Lpop(k string) (string, error) { return m.db().Lpop(k) }

// Lpop takes the first element of a list.
func (db *RedisDB) Lpop(k string) (string, error) { return text(db.do("LPOP", k)) }

// Push adds elements at the tail of a list and returns the new length.
func (m *Miniredis) Push(k string, v ...string) (int, error) { return m.db().Push(k, v...) }

// RPush is Push.
func (m *Miniredis) RPush(k string, v ...string) (int, error) { return m.Push(k, v...) }

// Push adds elements at the tail of a list and returns the new length.
func (db *RedisDB) Push(k string, v ...string) (int, error) {
	if len(v) == 0 {
		return db.int("LLEN", k)
	}
	return db.int("RPUSH", k, v)
}

// Pop takes the last element of a list.
func (m *Miniredis) Pop(k string) (string, error) { return m.db().Pop(k) }

// RPop is Pop.
func (m *Miniredis) RPop(k string) (string, error) { return m.Pop(k) }

// Pop takes the last element of a list.
func (db *RedisDB) Pop(k string) (string, error) { return text(db.do("RPOP", k)) }

// SetAdd adds members to a set and returns how many are new.
func (m *Miniredis) SetAdd(k string, elems ...string) (int, error) { return m.db().SetAdd(k, elems...) }

// SAdd is SetAdd.
func (m *Miniredis) SAdd(k string, elems ...string) (int, error) { return m.SetAdd(k, elems...) }

// SetAdd adds members to a set and returns how many are new.
func (db *RedisDB) SetAdd(k string, elems ...string) (int, error) {
	if len(elems) == 0 {
		_, err := db.int("SCARD", k)
		return 0, err
	}
	return db.int("SADD", k, elems)
}

// Members returns the members of a set, sorted.
func (m *Miniredis) Members(k string) ([]string, error) { return m.db().Members(k) }

// SMembers is Members.
func (m *Miniredis) SMembers(k string) ([]string, error) { return m.Members(k) }

// Members returns the members of a set, sorted.
func (db *RedisDB) Members(k string) ([]string, error) {
	reply, err := db.do("SMEMBERS", k)
	return found(sorted(reply), err)
}

// IsMember reports whether a set has a member.
func (m *Miniredis) IsMember(k, v string) (bool, error) { return m.db().IsMember(k, v) }

// SIsMember is IsMember.
func (m *Miniredis) SIsMember(k, v string) (bool, error) { return m.IsMember(k, v) }

// IsMember reports whether a set has a member.
func (db *RedisDB) IsMember(k, v string) (bool, error) {
	n, err := db.must(k, "SISMEMBER", k, v)
	return n == 1, err
}

// SRem removes members of a set and returns how many it had.
func (m *Miniredis) SRem(k string, fields ...string) (int, error) { return m.db().SRem(k, fields...) }

// SRem removes members of a set and returns how many it had.
func (db *RedisDB) SRem(k string, fields ...string) (int, error) {
	if len(fields) == 0 {
		_, err := db.must(k, "SCARD", k)
		return 0, err
	}
	return db.must(k, "SREM", k, fields)
}

// SCard returns how many members a set has: none if there is no key.
func (m *Miniredis) SCard(key string) (int, error) { return m.db().SCard(key) }

// SCard returns how many members a set has: none if there is no key.
func (db *RedisDB) SCard(key string) (int, error) { return db.int("SCARD", key) }

// SRandMember returns some member of a set, "" if there is no key.
func (m *Miniredis) SRandMember(key string) (string, error) { return m.db().SRandMember(key) }

// SRandMember returns some member of a set, "" if there is no key.
func (db *RedisDB) SRandMember(key string) (string, error) {
	reply, err := db.do("SRANDMEMBER", key)
	if err != nil {
		return "", err
	}
	return reply.Text(), nil
}

// HKeys returns the fields of a hash, sorted.
func (m *Miniredis) HKeys(k string) ([]string, error) { return m.db().HKeys(k) }

// HKeys returns the fields of a hash, sorted.
func (db *RedisDB) HKeys(key string) ([]string, error) {
	reply, err := db.do("HKEYS", key)
	return found(sorted(reply), err)
}

// HGet returns the value of a field, "" if there is none.
func (m *Miniredis) HGet(k, f string) string { return m.db().HGet(k, f) }

// HGet returns the value of a field, "" if there is none.
func (db *RedisDB) HGet(k, f string) string {
	reply, err := db.do("HGET", k, f)
	if err != nil {
		return ""
	}
	return reply.Text()
}

// HSet sets fields of a hash: fields and values in turn. What the key holds, if it
// is no hash, goes.
func (m *Miniredis) HSet(k string, fv ...string) { m.db().HSet(k, fv...) }

// HSet sets fields of a hash: fields and values in turn. What the key holds, if it
// is no hash, goes.
func (db *RedisDB) HSet(k string, fv ...string) {
	fv = fv[:len(fv)/2*2]
	if len(fv) == 0 {
		return
	}
	if _, err := db.do("HSET", k, fv); err == ErrWrongType {
		db.Del(k)
		db.do("HSET", k, fv)
	}
}

// HSetEX is HSet for fields that expire.
func (m *Miniredis) HSetEX(key string, ttl time.Duration, fv ...string) {
	m.db().HSetEX(key, ttl, fv...)
}

// HSetEX is HSet for fields that expire.
func (db *RedisDB) HSetEX(key string, ttl time.Duration, fv ...string) {
	db.HSet(key, fv...)
	for i := 0; i+1 < len(fv); i += 2 {
		db.HExpire(key, fv[i], ttl)
	}
}

// HExpire sets what a field has left to live, and reports whether there is one.
func (m *Miniredis) HExpire(key, field string, ttl time.Duration) bool {
	return m.db().HExpire(key, field, ttl)
}

// HExpire sets what a field has left to live, and reports whether there is one.
func (db *RedisDB) HExpire(key, field string, ttl time.Duration) bool {
	return db.ofField("HPEXPIRE", key, max(milli(ttl), 0), "FIELDS", 1, field) >= 0
}

// ofField runs a command for one field and returns its reply.
func (db *RedisDB) ofField(parts ...any) int64 {
	reply, err := db.do(parts...)
	if err != nil || len(reply.Array()) != 1 {
		return -2 // no such field
	}
	return reply.Array()[0].Int()
}

// HPersist has a field live on, and reports whether it would have expired.
func (m *Miniredis) HPersist(key, field string) bool { return m.db().HPersist(key, field) }

// HPersist has a field live on, and reports whether it would have expired.
func (db *RedisDB) HPersist(key, field string) bool {
	return db.ofField("HPERSIST", key, "FIELDS", 1, field) == 1
}

// HTTL returns what a field has left to live, 0 if it lives on or does not exist.
func (m *Miniredis) HTTL(key, field string) time.Duration { return m.db().HTTL(key, field) }

// HTTL returns what a field has left to live, 0 if it lives on or does not exist.
func (db *RedisDB) HTTL(key, field string) time.Duration {
	return time.Duration(max(db.ofField("HPTTL", key, "FIELDS", 1, field), 0)) * time.Millisecond
}

// HDel removes a field.
func (m *Miniredis) HDel(k, f string) { m.db().HDel(k, f) }

// HDel removes a field.
func (db *RedisDB) HDel(k, f string) { db.do("HDEL", k, f) }

// HIncr adds to an integer in a hash and returns the sum.
func (m *Miniredis) HIncr(k, f string, delta int) (int, error) { return m.db().HIncr(k, f, delta) }

// HIncrBy is HIncr.
func (m *Miniredis) HIncrBy(k, f string, delta int) (int, error) { return m.HIncr(k, f, delta) }

// HIncr adds to an integer in a hash and returns the sum.
func (db *RedisDB) HIncr(k, f string, delta int) (int, error) { return db.int("HINCRBY", k, f, delta) }

// HIncrfloat adds to a number in a hash and returns the sum.
func (m *Miniredis) HIncrfloat(k, f string, delta float64) (float64, error) {
	return m.db().HIncrfloat(k, f, delta)
}

// HIncrByFloat is HIncrfloat.
func (m *Miniredis) HIncrByFloat(k, f string, delta float64) (float64, error) {
	return m.HIncrfloat(k, f, delta)
}

// HIncrfloat adds to a number in a hash and returns the sum.
func (db *RedisDB) HIncrfloat(k, f string, delta float64) (float64, error) {
	reply, err := db.do("HINCRBYFLOAT", k, f, delta)
	return reply.Float(), err
}

// ZAdd sets the score of a member of a sorted set, and reports whether it is new.
func (m *Miniredis) ZAdd(k string, score float64, member string) (bool, error) {
	return m.db().ZAdd(k, score, member)
}

// ZAdd sets the score of a member of a sorted set, and reports whether it is new.
func (db *RedisDB) ZAdd(k string, score float64, member string) (bool, error) {
	n, err := db.int("ZADD", k, score, member)
	return n == 1, err
}

// ZMembers returns the members of a sorted set in its order.
func (m *Miniredis) ZMembers(k string) ([]string, error) { return m.db().ZMembers(k) }

// ZMembers returns the members of a sorted set in its order.
func (db *RedisDB) ZMembers(k string) ([]string, error) {
	reply, err := db.do("ZRANGE", k, 0, -1)
	return found(reply.Strings(), err)
}

// SortedSet returns the scores of the members of a sorted set.
func (m *Miniredis) SortedSet(k string) (map[string]float64, error) { return m.db().SortedSet(k) }

// SortedSet returns the scores of the members of a sorted set.
func (db *RedisDB) SortedSet(k string) (map[string]float64, error) {
	elements, err := db.elements(k)
	if err != nil {
		return nil, err
	}
	scores := make(map[string]float64, len(elements))
	for _, e := range elements {
		scores[e.Array()[0].Text()] = e.Array()[1].Float()
	}
	return scores, nil
}

// elements returns the pairs of member and score of a sorted set, in its order.
func (db *RedisDB) elements(k string) ([]respserver.Reply, error) {
	reply, err := db.do("ZRANGE", k, 0, -1, "WITHSCORES")
	return found(reply.Array(), err)
}

// ZRem removes a member of a sorted set, and reports whether it had it.
func (m *Miniredis) ZRem(k, member string) (bool, error) { return m.db().ZRem(k, member) }

// ZRem removes a member of a sorted set, and reports whether it had it.
func (db *RedisDB) ZRem(k, member string) (bool, error) {
	n, err := db.must(k, "ZREM", k, member)
	return n == 1, err
}

// ZScore returns the score of a member of a sorted set, 0 if it has no such one.
func (m *Miniredis) ZScore(k, member string) (float64, error) { return m.db().ZScore(k, member) }

// ZScore returns the score of a member of a sorted set, 0 if it has no such one.
func (db *RedisDB) ZScore(k, member string) (float64, error) {
	reply, err := db.do("ZSCORE", k, member)
	if err == nil && reply.IsNull() && !db.Exists(k) {
		err = ErrKeyNotFound
	}
	return reply.Float(), err
}

// ZMScore returns the scores of members of a sorted set, 0 for those that it does
// not have.
func (m *Miniredis) ZMScore(k string, members ...string) ([]float64, error) {
	return m.db().ZMScore(k, members)
}

// ZMScore returns the scores of members of a sorted set, 0 for those that it does
// not have.
func (db *RedisDB) ZMScore(k string, members []string) ([]float64, error) {
	if _, err := db.must(k, "ZCARD", k); err != nil {
		return nil, err
	}
	scores := make([]float64, len(members))
	if len(members) == 0 {
		return scores, nil
	}
	reply, err := db.do("ZMSCORE", k, members)
	if err != nil {
		return nil, err
	}
	for i, score := range reply.Array() {
		scores[i] = score.Float()
	}
	return scores, nil
}

// StreamEntry is an entry of a stream: its fields and values in turn.
type StreamEntry struct {
	ID     string
	Values []string
}

// XAdd adds an entry to a stream and returns its id, which may be given as "" or
// "*".
func (m *Miniredis) XAdd(k string, id string, values []string) (string, error) {
	return m.db().XAdd(k, id, values)
}

// XAdd adds an entry to a stream and returns its id, which may be given as "" or
// "*".
func (db *RedisDB) XAdd(k string, id string, values []string) (string, error) {
	if id == "" {
		id = "*"
	}
	reply, err := db.do("XADD", k, id, values)
	if err != nil {
		return "", err
	}
	return reply.Text(), nil
}

// Stream returns the entries of a stream, oldest first; nil if there is no key.
func (m *Miniredis) Stream(k string) ([]StreamEntry, error) { return m.db().Stream(k) }

// Stream returns the entries of a stream, oldest first; nil if there is no key.
func (db *RedisDB) Stream(key string) ([]StreamEntry, error) {
	reply, err := db.do("XRANGE", key, "-", "+")
	if err != nil {
		return nil, err
	}
	var entries []StreamEntry
	for _, e := range reply.Array() {
		entries = append(entries, StreamEntry{ID: e.Array()[0].Text(), Values: e.Array()[1].Strings()})
	}
	return entries, nil
}

// PfAdd adds to a HyperLogLog. It returns 1 if that has changed it.
func (m *Miniredis) PfAdd(k string, elems ...string) (int, error) { return m.db().HllAdd(k, elems...) }

// HllAdd adds to a HyperLogLog. It returns 1 if that has changed it.
func (db *RedisDB) HllAdd(k string, elems ...string) (int, error) {
	n, err := db.int("PFADD", k, elems)
	if err == ErrNotValidHllValue {
		err = ErrWrongType
	}
	return n, err
}

// PfCount returns about how many elements were added to HyperLogLogs.
func (m *Miniredis) PfCount(keys ...string) (int, error) { return m.db().HllCount(keys...) }

// HllCount returns about how many elements were added to HyperLogLogs.
func (db *RedisDB) HllCount(keys ...string) (int, error) {
	if len(keys) == 0 {
		return 0, nil
	}
	n, err := db.int("PFCOUNT", keys)
	return n, notHll(err)
}

// PfMerge adds what was added to HyperLogLogs to another one.
func (m *Miniredis) PfMerge(destKey string, sourceKeys ...string) error {
	return m.db().HllMerge(destKey, sourceKeys...)
}

// HllMerge adds what was added to HyperLogLogs to another one.
func (db *RedisDB) HllMerge(destKey string, sourceKeys ...string) error {
	_, err := db.do("PFMERGE", destKey, sourceKeys)
	return notHll(err)
}

func notHll(err error) error {
	if err == ErrWrongType {
		return ErrNotValidHllValue
	}
	return err
}
