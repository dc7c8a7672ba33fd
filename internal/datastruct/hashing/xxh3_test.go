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

// xxh128Vectors are hashes by the reference library 0.8.3.
var xxh128Vectors = []struct {
	n    int
	hash Hash128
}{
	{0, Hash128{0x6001c324468d497f, 0x99aa06d3014798d8}},
	{1, Hash128{0xc44bdff4074eecdb, 0xa6cd5e9392000f6a}},
	{2, Hash128{0x7a9978044cb8a8bb, 0x76750c3c7bf95668}},
	{3, Hash128{0x54247382a8d6b94d, 0x20efc49ff02422ea}},
	{4, Hash128{0x2e7d8d6876a39fe9, 0x970d585ac632bf8e}},
	{5, Hash128{0x57c7ed2c01fa1d1, 0x62ed587687606b4e}},
	{7, Hash128{0x81c22dd284a2f0a, 0xdd9b6039f79ec416}},
	{8, Hash128{0x64c69cab4bb21dc5, 0x47a7f080d82bb456}},
	{9, Hash128{0xed7ccbc501eb7501, 0x564ef6078950d457}},
	{12, Hash128{0x61a192713f69ad9, 0x6e3efd8fc7802b18}},
	{16, Hash128{0x562980258a998629, 0xc68c368ecf8a9c05}},
	{17, Hash128{0xabbc12d11973d7db, 0x955fa78643ed3669}},
	{24, Hash128{0x1e7044d28b1b901d, 0xce966e4678d3761}},
	{32, Hash128{0x278410a17595e3f9, 0x98fc6458710dc2e8}},
	{33, Hash128{0xe593bc4e5914c9d1, 0x3103c192ceaa2ded}},
	{48, Hash128{0xf942219aed80f67b, 0xa002ac4e5478227e}},
	{64, Hash128{0xefdb6a44690721a9, 0x6d90e81a9b0fd622}},
	{65, Hash128{0xfe2f650fa500ec6e, 0x6c074d65e54db85a}},
	{80, Hash128{0x454ae6bf7a8a532d, 0xfdf2cefde9eaac8a}},
	{96, Hash128{0xe9324473ea9afebe, 0xd9d0b885f56c93f1}},
	{97, Hash128{0x7c87228ae9671ba7, 0x9dff37faa6b284c}},
	{112, Hash128{0xcbfd9024e4b6c79d, 0xd1b2cf3831d419ad}},
	{128, Hash128{0xebb15e34a7fb5ab1, 0x39992220e045260a}},
	{129, Hash128{0x86c9e3bc8f0a3b5c, 0x3815fc91f1b30b6}},
	{144, Hash128{0x7a9080376c0e4b95, 0x19a5ee4a79aa5123}},
	{159, Hash128{0x996ed46536cc0ef5, 0x37562ea4ac14c650}},
	{160, Hash128{0x737126c8d7c09cee, 0xba5d218964b622ad}},
	{161, Hash128{0x524bf4f00d882c4e, 0x58621e54439ee75c}},
	{191, Hash128{0xc4333111ab47a522, 0xaa394ffeb17611eb}},
	{192, Hash128{0x679e7f625e389d9, 0x64934db40706c3d}},
	{195, Hash128{0x3fb593c086a66075, 0x7729543a26b207ee}},
	{224, Hash128{0x8b5b0074a7eb57da, 0xf20d710ddbfbcab1}},
	{240, Hash128{0x5c9aae94c8ebe5a0, 0xaa4202daa2769dc8}},
	{241, Hash128{0xc5a639ecd2030e5e, 0x99a80ecf0ecfc647}},
	{256, Hash128{0x55de574ad89d0ac5, 0x8b1c66091423d288}},
	{257, Hash128{0xb17fd5a8ae75bb0b, 0xf15fee7f9f457599}},
	{403, Hash128{0xcdeb804d65c6dea4, 0x1b6de21e332dd73d}},
	{512, Hash128{0x617e49599013cb6b, 0x18d2d110dcc9bca1}},
	{513, Hash128{0xf7037d3b6722aeec, 0xf5c760ed98fd9e0a}},
	{1023, Hash128{0x87a8f7b2f2e22496, 0xe8083e4d83214c3c}},
	{1024, Hash128{0xdd85c9b5c1109c5c, 0xd30d24071c64c57}},
	{1025, Hash128{0xd870c0fa13211c6a, 0xfd3ee4fe7f2954c6}},
	{1088, Hash128{0xcc1450ea6b52a8f4, 0xe0fa3b9e9fb69d83}},
	{1089, Hash128{0xef727b2effc4cc8c, 0x6e026f1a15e62b39}},
	{2048, Hash128{0xdd59e2c3a5f038e0, 0xf736557fd47073a5}},
	{2049, Hash128{0xd3afa4329779b921, 0x4cd2bd192f2d70bd}},
	{4096, Hash128{0xe91206429d1f48f9, 0xb9cfaea2ca5626a4}},
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

func TestXXH3128(t *testing.T) {
	b := testBytes(5000)
	for _, v := range xxh128Vectors {
		if got := XXH3128(b[:v.n]); got != v.hash {
			t.Errorf("XXH3128 of %d bytes: %#x, want %#x", v.n, got, v.hash)
		}
	}
}
