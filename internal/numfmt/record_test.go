package numfmt

import (
	"bufio"
	"bytes"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/resp-server/resp-server/internal/oracle"
)

var record = flag.String("record", "", "record testdata from the Redis 7.4 server at this `address`, whose data is overwritten")

// golden calls check with the fields of each line of a file of replies from a
// real server. With -record it first asks the server again.
func golden(t *testing.T, file string, cases func() [][]string, ask func(*oracle.Conn, []string) string, check func(t *testing.T, in []string, want string)) {
	t.Helper()
	file = "testdata/" + file
	if *record != "" {
		c, err := oracle.Dial(*record)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		var b bytes.Buffer
		for _, in := range cases() {
			for _, f := range in {
				fmt.Fprintf(&b, "%q ", f)
			}
			fmt.Fprintf(&b, "%q\n", ask(c, in))
		}
		if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	sc := bufio.NewScanner(f)
	n := 0
	for sc.Scan() {
		in, err := oracle.Unquote(sc.Text())
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		n++
		check(t, in[:len(in)-1], in[len(in)-1])
	}
	if n == 0 {
		t.Fatalf("%s: no cases", file)
	}
}

// do returns the server's reply as a string.
func do(c *oracle.Conn, args ...string) string {
	v, err := c.Do(args...)
	if err != nil {
		panic(err)
	}
	return v.(string)
}

// floatTexts are constants at the limits of strtod and of the layouts, and
// some random ones.
func floatTexts() []string {
	texts := strings.Fields(`0 -0 +0 1 -1 +1 3 0.1 -0.1 .5 5. . - + -. 1e5 1E5 1e+5 1e-5 1e 1e+ e5 1e5.0 1.5.5 --1 +-1
		1e16 1e17 1e18 1e19 1e20 1e21 1e22 1e23 123456789012345680 4611686018427387904 4611686018427388928
		9223372036854775807 9223372036854775808 18446744073709551615 18446744073709551616 12345678901234567890123
		1e-1 1e-2 1e-3 1e-4 1e-5 1e-6 1e-7 1e-8 1.5e-5 1.5e-6 1.5e-7 12345e-7 123456e-7 0.0001234567 0.001234567 0.01234567
		1.1234567 12.1234567 123.1234567 1234.1234567 12345.1234567 12345.123456 123456.1234567 1234567.123456 12345678.12345678
		1.7976931348623157e308 1.7976931348623158e308 1.7976931348623159e308 1.8e308 -1.8e308 1e308 1e309 1e400 -1e400
		5e-324 4.9e-324 2.5e-324 2.4e-324 2.4703282292062327e-324 2.4703282292062328e-324 1e-400 -1e-400 0e-400 0e99999 1e99999 1e-99999
		2.2250738585072014e-308 2.2250738585072011e-308 2.225073858507201e-308 1e-310 0.3 100 1e2 1e99 1e100 1e101 -1.5e-100
		inf -inf +inf Inf INF infinity -Infinity INFINITY infinit infinityx in i nan NaN -nan nan(1) 1_000 0x_1p0 1_0e1
		0x 0x1 0X1 0x1p3 0x1P3 0x.8 0x1.8 0x1.8p1 0x. 0x.p1 0x1p 0x1p+ 0xp1 0xg 0x1e5 0xff -0x10 0x1p-1074 0x1p-1075 0x1p-1080 0x1p1023 0x1p1024
		0x1.fffffffffffff8p0 0x1.fffffffffffff7p0 0b1 0b101 0o17 017 00 007.5 1p5 1f 1d 1.0f 10.000000000000000000000000000001
		9007199254740993 9007199254740992.5 9007199254740993.5 0.30000000000000004 33.333333333333336 3.5e-5 5e15 5.5e15 1e15 1.2e15`)
	return append(texts, "", " ", " 1", "1 ", "\t1", "1\n", "1\x00", "\x001", "1\x001", "in\xe6", strings.Repeat("0", 300)+"1", "0."+strings.Repeat("3", 300),
		"0."+strings.Repeat("0", 320)+"5", "0."+strings.Repeat("0", 400)+"5", "1"+strings.Repeat("0", 400), "1"+strings.Repeat("0", 300))
}

func randomFloats(rnd *rand.Rand, n int) []string {
	var texts []string
	for range n {
		var f float64
		switch rnd.IntN(4) {
		case 0:
			f = math.Float64frombits(rnd.Uint64())
		case 1:
			f = rnd.NormFloat64() * math.Pow(10, float64(rnd.IntN(30)-12))
		case 2:
			f = float64(rnd.IntN(1e9)) / math.Pow(10, float64(rnd.IntN(12)))
		default:
			f = math.Ldexp(1, rnd.IntN(2098)-1074) // powers of two, where the neighbours are at different distances
		}
		if f == f {
			texts = append(texts, strconv.FormatFloat(f, 'g', -1, 64))
		}
	}
	return texts
}

// randomDecimal returns an unusual number: many digits, a point anywhere,
// sometimes an exponent.
func randomDecimal(rnd *rand.Rand) string {
	var b strings.Builder
	if rnd.IntN(2) == 0 {
		b.WriteByte('-')
	}
	n := 1 + rnd.IntN(24)
	point := rnd.IntN(n + 1)
	for i := range n {
		if i == point {
			b.WriteByte('.')
		}
		b.WriteByte('0' + byte(rnd.IntN(10)))
	}
	switch rnd.IntN(8) {
	case 0:
		fmt.Fprintf(&b, "e%d", rnd.IntN(60)-30)
	case 1:
		fmt.Fprintf(&b, "e%d", rnd.IntN(400)-200)
	}
	return b.String()
}
