package aof

import (
	"bufio"
	"io"
	"slices"
)

const (
	// readBuffer is what is read from a file at a time.
	readBuffer = 64 << 10
	// maxAhead is how much room is made at once on the word of a length.
	maxAhead = 1 << 20
	// keepRoom is up to how much room for arguments is kept.
	keepRoom = 16 << 20
)

// Reader reads the commands of a file, and passes over annotations.
type Reader struct {
	r      *bufio.Reader
	offset int64
	data   []byte // the arguments, one after the other
	ends   []int  // of them in data
	args   [][]byte
}

// NewReader makes a reader of what is at the given offset of its file.
func NewReader(src io.Reader, offset int64) *Reader {
	return &Reader{r: bufio.NewReaderSize(src, readBuffer), offset: offset}
}

// Offset returns how far what Next has returned reaches in the file.
func (r *Reader) Offset() int64 { return r.offset }

// Next returns the next command or, alone, an annotation without its line end,
// which begins with '#'. It is valid until the next call. The error is io.EOF at
// the end, io.ErrUnexpectedEOF in a command, errFormat, or one of the source.
func (r *Reader) Next() (args [][]byte, annotation []byte, err error) {
	c, err := r.r.Peek(1)
	if err != nil {
		return nil, nil, err
	}
	if c[0] == '#' {
		line, err := r.r.ReadSlice('\n')
		if err != nil {
			return nil, nil, short(err)
		}
		r.offset += int64(len(line))
		return nil, line[:len(line)-1], nil
	}
	args, err = r.command()
	return args, nil, err
}

// snapshot says whether an RDB file comes.
func (r *Reader) snapshot() (bool, error) {
	magic, err := r.r.Peek(5)
	if err == io.EOF {
		err = nil
	}
	return string(magic) == "REDIS", err
}

// short is the error for a source that ends in a command.
func short(err error) error {
	switch err {
	case io.EOF:
		return io.ErrUnexpectedEOF
	case bufio.ErrBufferFull:
		return errFormat
	}
	return err
}

// length reads a line with a number. If the file ends in it, that is noticed
// when what follows is read.
func (r *Reader) length(prefix byte, size *int64) (int64, error) {
	line, err := r.r.ReadSlice('\n')
	*size += int64(len(line))
	switch {
	case err == io.EOF && len(line) > 0 && line[0] == prefix:
		if len(line) == 1 {
			return 0, io.ErrUnexpectedEOF
		}
	case err == io.EOF && len(line) > 0:
		return 0, errFormat
	case err != nil:
		return 0, short(err)
	case line[0] != prefix:
		return 0, errFormat
	}
	return number(line[1:]), nil
}

// number returns the number at the beginning of a line, as atoi does. What is
// behind it does not matter.
func number(line []byte) (n int64) {
	negative := len(line) > 0 && line[0] == '-'
	if negative {
		line = line[1:]
	}
	for _, c := range line {
		if c < '0' || c > '9' || n > 1<<40 {
			break
		}
		n = n*10 + int64(c-'0')
	}
	if negative {
		n = -n
	}
	return n
}

func (r *Reader) command() ([][]byte, error) {
	var size int64
	argc, err := r.length('*', &size)
	if err == nil && argc < 1 {
		err = errFormat
	}
	if err != nil {
		return nil, err
	}
	r.args, r.ends = r.args[:0], r.ends[:0]
	if cap(r.data) > keepRoom {
		r.data = nil
	}
	r.data = r.data[:0]
	for range argc {
		n, err := r.length('$', &size)
		if err == nil && n < 0 {
			err = errFormat
		}
		if err != nil {
			return nil, err
		}
		end := len(r.data) + int(n)
		for n > 0 {
			step := int(min(n, maxAhead))
			from := len(r.data)
			r.data = slices.Grow(r.data, step)[:from+step]
			if _, err := io.ReadFull(r.r, r.data[from:]); err != nil {
				return nil, short(err)
			}
			n -= int64(step)
		}
		// As in Redis it does not matter what the two bytes are.
		if got, err := r.r.Discard(2); got < 2 {
			return nil, short(err)
		}
		r.ends = append(r.ends, end)
	}
	from := 0
	for _, end := range r.ends {
		r.args = append(r.args, r.data[from:end:end])
		size += int64(end-from) + 2
		from = end
	}
	r.offset += size
	return r.args, nil
}
