package hashing

import "testing"

// xxh3Vectors are hashes by the reference library 0.8.1 of prefixes of
// testBytes, which its own tests use too.
var xxh3Vectors = []struct {
	n    int
	hash uint64
}{
	{0, 0x2d06800538d394c2},
	{1, 0xc44bdff4074eecdb},
	{2, 0x7a9978044cb8a8bb},
	{3, 0x54247382a8d6b94d},
	{4, 0xe5dc74bc51848a51},
	{5, 0xe4243f00720306bb},
	{7, 0x9941e0007f555e50},
	{8, 0x24ccc9acaa9f65e4},
	{9, 0x14d5001c15dd3f2b},
	{12, 0xa713daf0dfbb77e7},
	{16, 0x981b17d36c7498c9},
	{17, 0x796f5acd3a60f862},
	{24, 0xa3fe70bf9d3510eb},
	{32, 0x9feaddbdbf57eed3},
	{33, 0xabfb2d081b400a10},
	{48, 0x397da259ecba1f11},
	{64, 0x9cb48487720ec49d},
	{65, 0xfd81aac4bebc3883},
	{80, 0xbcdefbbb2c47c90a},
	{96, 0x935a769a7f94776f},
	{97, 0xca4ca268fd3c3a6c},
	{112, 0xd13d8f57931eef19},
	{128, 0xfcff24126754d861},
	{129, 0x98f1b0a679a2ca29},
	{144, 0xc440d47e5f03fe58},
	{195, 0xcd94217ee362ec3a},
	{240, 0x81c3c2b67f568ccf},
	{241, 0xc5a639ecd2030e5e},
	{256, 0x55de574ad89d0ac5},
	{257, 0xb17fd5a8ae75bb0b},
	{403, 0xcdeb804d65c6dea4},
	{511, 0x8089715b163e7fc0},
	{512, 0x617e49599013cb6b},
	{513, 0xf7037d3b6722aeec},
	{1023, 0x87a8f7b2f2e22496},
	{1024, 0xdd85c9b5c1109c5c},
	{1025, 0xd870c0fa13211c6a},
	{1088, 0xcc1450ea6b52a8f4},
	{1089, 0xef727b2effc4cc8c},
	{2048, 0xdd59e2c3a5f038e0},
	{2049, 0xd3afa4329779b921},
	{2240, 0x6e73a90539cf2948},
	{2367, 0xcb37aeb9e5d361ed},
	{4096, 0xe91206429d1f48f9},
}

// testBytes returns the high bytes of 2654435761 times the powers of a prime.
func testBytes(n int) []byte {
	b := make([]byte, n)
	x := uint64(2654435761)
	for i := range b {
		b[i] = byte(x >> 56)
		x *= 11400714785074694797
	}
	return b
}

func TestXXH3(t *testing.T) {
	b := testBytes(5000)
	for _, v := range xxh3Vectors {
		if got := XXH3(b[:v.n]); got != v.hash {
			t.Errorf("%d bytes: %016x, want %016x", v.n, got, v.hash)
		}
	}
	if got := XXH3([]byte("Hello world")); got != 0xb6acb9d84a38ff74 { // the example of DIGEST
		t.Errorf("%016x", got)
	}
}

func TestXXH3DoesNotAllocate(t *testing.T) {
	b := testBytes(3000)
	if n := testing.AllocsPerRun(10, func() { XXH3(b) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkXXH3(b *testing.B) {
	text := testBytes(4096)
	b.ReportAllocs()
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		XXH3(text)
	}
}
