package numfmt

import (
	"bytes"
	"cmp"
	"math"
	"math/big"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/resp-server/resp-server/internal/effort"
	"github.com/resp-server/resp-server/internal/oracle"
)

func TestParseInt(t *testing.T) {
	for _, s := range []string{
		"0", "1", "9", "10", "-1", "-10", "9223372036854775807", "-9223372036854775808", "1234567890123456789",
	} {
		want, _ := strconv.ParseInt(s, 10, 64)
		if n, ok := ParseInt([]byte(s)); !ok || n != want {
			t.Errorf("ParseInt(%q) = %d, %v", s, n, ok)
		}
	}
	for _, s := range []string{
		"", "-", "+", "+1", "-0", "00", "01", "-01", " 1", "1 ", "1.0", "1e3", "a", "--1", "1\x00", "0x1", "1_0",
		"9223372036854775808", "-9223372036854775809", "18446744073709551615", "18446744073709551616",
		"-18446744073709551615", "99999999999999999999", "100000000000000000000",
	} {
		if n, ok := ParseInt([]byte(s)); ok {
			t.Errorf("ParseInt(%q) = %d", s, n)
		}
	}
}

func TestParseUint(t *testing.T) {
	for _, s := range []string{"0", "1", "9223372036854775808", "9999999999999999999", "10000000000000000000", "18446744073709551615"} {
		want, _ := strconv.ParseUint(s, 10, 64)
		if n, ok := ParseUint([]byte(s)); !ok || n != want {
			t.Errorf("ParseUint(%q) = %d, %v", s, n, ok)
		}
	}
	for _, s := range []string{"", "-1", "+1", "01", "18446744073709551616", "18446744073709551620", "19000000000000000000", "20000000000000000000", "36893488147419103232", "99999999999999999999"} {
		if n, ok := ParseUint([]byte(s)); ok {
			t.Errorf("ParseUint(%q) = %d", s, n)
		}
	}
}

func TestParseIntAgainstStrconv(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 20000 {
		want := int64(rnd.Uint64()) >> rnd.IntN(64)
		if n, ok := ParseInt(strconv.AppendInt(nil, want, 10)); !ok || n != want {
			t.Fatalf("ParseInt(%d) = %d, %v", want, n, ok)
		}
	}
}

// The id that XADD replies shows how it parsed the two parts.
func TestParseUintLax(t *testing.T) {
	golden(t, "streamid.txt",
		func() [][]string {
			var cases [][]string
			for _, s := range []string{"5", "007", "+5", " 5", "\t\n5", "5 ", "", " ", "+", "0x5", "5a", "18446744073709551615", "18446744073709551616",
				"00018446744073709551615", "0", "00", "+0", "1_0", "000", "99999999999999999999", "\x0b5", "  +005"} {
				cases = append(cases, []string{s})
			}
			return cases
		},
		func(c *oracle.Conn, in []string) string {
			do(c, "DEL", "s")
			return do(c, "XADD", "s", in[0]+"-1", "f", "v")
		},
		func(t *testing.T, in []string, want string) {
			n, ok := ParseUintLax([]byte(in[0]))
			got := "-ERR Invalid stream ID specified as stream command argument"
			if ok {
				got = strconv.FormatUint(n, 10) + "-1"
			}
			if got != want {
				t.Errorf("ParseUintLax(%q) = %d, %v; the server says %q", in[0], n, ok, want)
			}
		})
	for s, want := range map[string]uint64{" -5": math.MaxUint64 - 4, "-0": 0, "-05": math.MaxUint64 - 4} {
		if n, ok := ParseUintLax([]byte(s)); !ok || n != want {
			t.Errorf("ParseUintLax(%q) = %d, %v", s, n, ok)
		}
	}
	if _, ok := ParseUintLax([]byte("-5")); ok {
		t.Error("ParseUintLax accepts -5")
	}
}

func TestFloat(t *testing.T) {
	golden(t, "zscore.txt",
		func() (cases [][]string) {
			for _, s := range append(floatTexts(), randomFloats(rand.New(rand.NewPCG(3, 4)), 1200)...) {
				cases = append(cases, []string{s})
			}
			return cases
		},
		func(c *oracle.Conn, in []string) string {
			// A long member keeps the score as a double: a listpack would turn -0 into
			// 0.
			member := strings.Repeat("m", 65)
			do(c, "DEL", "z")
			if r := do(c, "ZADD", "z", in[0], member); r[0] == '-' {
				return r
			}
			return do(c, "ZSCORE", "z", member)
		},
		func(t *testing.T, in []string, want string) {
			f, ok := ParseFloat([]byte(in[0]))
			got := "-ERR value is not a valid float"
			if ok {
				got = string(AppendFloat(nil, f))
			}
			if got != want {
				t.Errorf("%q: %q (%v); the server says %q", in[0], got, f, want)
			}
		})
}

func TestAppendFloatReadsBack(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 6))
	longer := 0
	for range effort.Of(200000) {
		f := math.Float64frombits(rnd.Uint64())
		if f != f {
			continue
		}
		b := AppendFloat(nil, f)
		if g, ok := ParseFloat(b); !ok || g != f {
			t.Fatalf("%v is printed as %s and read as %v, %v", f, b, g, ok)
		}
		if len(b) > len(strconv.FormatFloat(f, 'e', -1, 64))+1 {
			longer++
		}
	}
	if longer > 2000 {
		t.Errorf("%d of 200000 doubles are longer than the shortest form", longer)
	}
	if got := string(AppendFloat([]byte("x"), math.NaN())); got != "xnan" {
		t.Errorf("NaN: %s", got)
	}
}

func TestPowersOfTen(t *testing.T) {
	for i, got := range powersOfTen {
		k := int64(firstPower + i*powerStep)
		p := new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(max(k, -k)), nil))
		if k < 0 {
			p.Inv(p)
		}
		want := new(big.Float).SetPrec(64).SetRat(p)
		if m, _ := want.SetMantExp(want, 64-want.MantExp(nil)).Uint64(); m != got {
			t.Errorf("10^%d: %#x, want %#x", k, got, m)
		}
	}
}

func TestLongDouble(t *testing.T) {
	golden(t, "incrbyfloat.txt",
		func() (cases [][]string) {
			rnd := rand.New(rand.NewPCG(7, 8))
			for _, s := range floatTexts() {
				cases = append(cases, []string{s, "0"}, []string{"1", s})
			}
			cases = append(cases, [][]string{
				{"0.1", "0.2"}, {"10.5", "0.1"}, {"5.0e3", "2.0e2"}, {"1e4932", "1e4932"}, {"1.1e4932", "1e4931"}, {"1e4933", "0"}, {"-1e4932", "-1e4932"},
				{"1e4932", "-1e4932"}, {"3e-4951", "0"}, {"1.8e-4951", "0"}, {"1.9e-4951", "0"}, {"1e-4952", "0"}, {"1e-5000", "0"}, {"0x1p-16445", "0"}, {"0x1p-16446", "0"},
				{"0x1.8p-16446", "0"}, {"0x1p16383", "0"}, {"0x1p16384", "0"}, {"0x1.fffffffffffffffep16383", "0"}, {"0x1.ffffffffffffffffp16383", "0"},
				{"inf", "1"}, {"1", "inf"}, {"inf", "-inf"}, {"-1e-30", "0"}, {"5e-18", "0"}, {"15e-18", "0"}, {"-5e-18", "0"}, {"5.0000000000000001e-18", "0"},
				{"0.99999999999999999", "0"}, {"0.999999999999999999", "0"}, {"9.999999999999999999", "0"}, {"18446744073709551615", "1"}, {"18446744073709551615", "0.5"},
				{"18446744073709551615.5", "0"}, {"18446744073709551616", "1"}, {"9223372036854775807", "9223372036854775807"}, {"-9223372036854775808", "0"},
				{"0x1p-60", "0"}, {"0x1p-64", "0"}, {"0x1p-57", "0"}, {"0x3p-18", "0"}, {"0x1.0000000000000001p0", "0"}, {"0x1.0000000000000003p0", "0"},
			}...)
			for range 800 {
				cases = append(cases, []string{randomDecimal(rnd), randomDecimal(rnd)})
			}
			for range 100 { // ties and cancellation
				a := "0x1." + strconv.FormatUint(rnd.Uint64(), 16) + "p" + strconv.Itoa(rnd.IntN(140)-70)
				b := "-0x1." + strconv.FormatUint(rnd.Uint64(), 16) + "p" + strconv.Itoa(rnd.IntN(140)-70)
				cases = append(cases, []string{a, b}, []string{a, a})
			}
			return cases
		},
		func(c *oracle.Conn, in []string) string {
			do(c, "SET", "k", in[0])
			return do(c, "INCRBYFLOAT", "k", in[1])
		},
		func(t *testing.T, in []string, want string) {
			if got := incrByFloat(in[0], in[1]); got != want {
				t.Errorf("%q + %q: %q; the server says %q", in[0], in[1], got, want)
			}
		})
}

func incrByFloat(value, by string) string {
	a, ok1 := ParseLongDouble([]byte(value))
	b, ok2 := ParseLongDouble([]byte(by))
	if !ok1 || !ok2 {
		return "-ERR value is not a valid float"
	}
	sum, ok := a.Add(b)
	if !ok {
		return "-ERR increment would produce NaN or Infinity"
	}
	return string(sum.AppendHuman(nil))
}

// TestLongDoubleOrder compares Cmp and Neg with math/big at 64 bits.
func TestLongDoubleOrder(t *testing.T) {
	ascending := []string{"-inf", "-1e4000", "-18446744073709551616", "-2", "-1.5", "-1", "-1e-4000", "0", "1e-4000", "0.1", "1", "1.5", "2", "3e300", "1e4000", "inf"}
	for i, x := range ascending {
		for j, y := range ascending {
			a, _ := ParseLongDouble([]byte(x))
			b, _ := ParseLongDouble([]byte(y))
			if got := a.Cmp(b); got != cmp.Compare(i, j) {
				t.Errorf("%s to %s: %d", x, y, got)
			}
			if got := a.Neg().Cmp(b.Neg()); got != cmp.Compare(j, i) {
				t.Errorf("-(%s) to -(%s): %d", x, y, got)
			}
		}
	}
	inf, _ := ParseLongDouble([]byte("inf"))
	big := MaxLongDouble()
	if _, ok := big.Add(big); ok || big.Cmp(inf) >= 0 {
		t.Error("MaxLongDouble is not the largest number")
	}
	if _, ok := big.Add(LongDoubleFromInt(1)); !ok {
		t.Error("MaxLongDouble plus 1 overflows")
	}
}

func TestLongDoubleModel(t *testing.T) {
	rnd := rand.New(rand.NewPCG(9, 10))
	for range effort.Of(30000) {
		as, bs := randomDecimal(rnd), randomDecimal(rnd)
		if rnd.IntN(4) == 0 { // nearly cancel
			bs = "-" + as + strconv.Itoa(rnd.IntN(10))
			if as[0] == '-' {
				bs = bs[2:]
			}
		}
		a, _ := ParseLongDouble([]byte(as))
		b, ok := ParseLongDouble([]byte(bs))
		if !ok {
			continue
		}
		checkModel(t, as, a)
		checkModel(t, bs, b)
		sum, _ := a.Add(b)
		want := new(big.Float).SetPrec(64).Add(bigFloat(a), bigFloat(b))
		if got := bigFloat(sum); got.Cmp(want) != 0 {
			t.Fatalf("%s + %s = %s, want %s", as, bs, got.Text('p', 0), want.Text('p', 0))
		}
		text := bytes.TrimRight([]byte(want.Text('f', 17)), "0")
		text = bytes.TrimSuffix(text, []byte("."))
		if string(text) == "-0" {
			text = text[1:]
		}
		if got := sum.AppendHuman(nil); !bytes.Equal(got, text) {
			t.Fatalf("%s is printed as %s", want.Text('f', 17), got)
		}
	}
}

// checkModel checks that a is the number in text, rounded to 64 bits.
func checkModel(t *testing.T, text string, a LongDouble) {
	t.Helper()
	r, _ := new(big.Rat).SetString(text)
	if want := new(big.Float).SetPrec(64).SetRat(r); want.Cmp(bigFloat(a)) != 0 {
		t.Fatalf("%s is read as %s, want %s", text, bigFloat(a).Text('p', 0), want.Text('p', 0))
	}
}

func bigFloat(a LongDouble) *big.Float {
	f := new(big.Float).SetUint64(a.mant)
	f.SetMantExp(f, int(a.exp))
	if a.neg {
		f.Neg(f)
	}
	return f
}

func FuzzParse(f *testing.F) {
	for _, s := range floatTexts() {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if n, ok := ParseInt(b); ok && string(strconv.AppendInt(nil, n, 10)) != string(b) {
			t.Errorf("ParseInt(%q) = %d", b, n)
		}
		if d, ok := ParseFloat(b); ok {
			if g, ok := ParseFloat(AppendFloat(nil, d)); !ok || g != d {
				t.Errorf("%q is %v, printed and read again %v", b, d, g)
			}
		}
		if d, ok := ParseLongDouble(b); ok {
			if !d.IsInf() && d.mant != 0 && d.mant>>63 == 0 {
				t.Errorf("%q is not normalized: %+v", b, d)
			}
			d.AppendHuman(nil)
		}
	})
}

func BenchmarkParseInt(b *testing.B) {
	for _, s := range []string{"7", "1234567", "1234567890123456789"} {
		b.Run(s, func(b *testing.B) {
			b.ReportAllocs()
			in := []byte(s)
			for b.Loop() {
				ParseInt(in)
			}
		})
	}
}

func BenchmarkFloat(b *testing.B) {
	for _, s := range []string{"42", "0.1", "1234.5678", "1.7976931348623157e308"} {
		in := []byte(s)
		b.Run("parse/"+s, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				ParseFloat(in)
			}
		})
		f, _ := ParseFloat(in)
		dst := make([]byte, 0, 64)
		b.Run("append/"+s, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				AppendFloat(dst, f)
			}
		})
	}
}

func BenchmarkIncrByFloat(b *testing.B) {
	b.ReportAllocs()
	value, by, dst := []byte("10.53"), []byte("0.1"), make([]byte, 0, 64)
	for b.Loop() {
		x, _ := ParseLongDouble(value)
		y, _ := ParseLongDouble(by)
		sum, _ := x.Add(y)
		sum.AppendHuman(dst)
	}
}

// TestLongDoubleShort compares with %.17Lg and casts in C on x86.
func TestLongDoubleShort(t *testing.T) {
	for _, c := range []struct {
		text, short string
		whole       int64
		ok          bool
	}{
		{"0.1", "0.1", 0, true}, {"3.14", "3.14", 3, true}, {"1e20", "1e+20", 0, false}, {"1e16", "10000000000000000", 1e16, true},
		{"123456789012345678", "1.2345678901234568e+17", 123456789012345678, true}, {"-1e-5", "-1e-05", 0, true},
		{"0.0001", "0.0001", 0, true}, {"1e4000", "1e+4000", 0, false}, {"100", "100", 100, true}, {"3.9999", "3.9999", 3, true},
		{"-3.9999", "-3.9999", -3, true}, {"9223372036854775807", "9.2233720368547758e+18", math.MaxInt64, true},
		{"-9223372036854775808", "-9.2233720368547758e+18", math.MinInt64, true}, {"-9223372036854775809", "-9.2233720368547758e+18", 0, false},
		{"1.0000000000000001", "1.0000000000000001", 1, true}, {"12345678901234567.8", "12345678901234568", 12345678901234567, true},
		{"99999999999999999.9", "1e+17", 99999999999999999, true}, {"1e-4900", "1e-4900", 0, true}, {"2.5e-5", "2.5e-05", 0, true},
		{"inf", "inf", 0, false}, {"0", "0", 0, true},
	} {
		a, ok := ParseLongDouble([]byte(c.text))
		n, inRange := a.Trunc()
		if got := string(a.AppendShort(nil)); !ok || got != c.short || n != c.whole || inRange != c.ok {
			t.Errorf("%s: %s, %d, %v, want %s, %d, %v", c.text, got, n, inRange, c.short, c.whole, c.ok)
		}
	}
	for _, f := range []float64{0, 0.5, -0.1, 1 << 60, -1e300, 5e-324} {
		want := strconv.FormatFloat(f, 'g', 17, 64)
		if a := LongDoubleFromFloat(f); bigFloat(a).Text('g', 17) != want {
			t.Errorf("%v: %v", f, bigFloat(a))
		}
	}
}
