package mirror

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
)

// catFile runs git cat-file --batch for names and hands its output to consume,
// which reads exactly what there is: for each name a batchHeader and, unless the
// object is missing, its content and a batchEnd.
func (s *Store) catFile(ctx context.Context, dir string, names []string, consume func(*bufio.Reader) error) error {
	pr, pw, err := os.Pipe()
	if err != nil {
		return err
	}
	defer pw.Close()
	widen(pw)
	consumed := make(chan error, 1)
	go func() {
		defer pr.Close() // ends git if it has more to say
		r := bufio.NewReaderSize(pr, 128<<10)
		err := consume(r)
		if err == nil {
			err = atEnd(r)
		}
		consumed <- err
	}()
	_, runErr := s.git(ctx, dir, gitCall{
		args:   []string{"cat-file", "--batch", "--buffer"},
		stdin:  strings.NewReader(strings.Join(names, "\n") + "\n"),
		stdout: pw,
	})
	_ = pw.Close() // nobody else writes to it now: the reader sees the end
	err = <-consumed
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case runErr != nil && (err == nil || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)):
		return fmt.Errorf("read objects: %w", runErr) // that is why there was no more
	}
	return err
}

// atEnd wants nothing more to come.
func atEnd(r *bufio.Reader) error {
	switch _, err := r.ReadByte(); {
	case err == nil:
		return errors.New("git cat-file printed more than it was asked for")
	case errors.Is(err, io.EOF):
		return nil
	default:
		return err
	}
}

// batchHeader reads "<hash> <type> <size>" or, for what is not there, "<name>
// missing" and the like, which gives an empty kind.
func batchHeader(r *bufio.Reader) (kind string, size int64, err error) {
	b, err := r.ReadSlice('\n')
	if err != nil {
		return "", 0, fmt.Errorf("git cat-file stopped: %w", err)
	}
	line := string(b[:len(b)-1])
	if hasAnySuffix(line, " missing", " ambiguous", " submodule") {
		return "", 0, nil
	}
	_, rest, _ := strings.Cut(line, " ")
	if kind, digits, ok := strings.Cut(rest, " "); ok {
		if size, err := strconv.ParseInt(digits, 10, 64); err == nil && size >= 0 {
			return kind, size, nil
		}
	}
	return "", 0, fmt.Errorf("git cat-file printed %q", bounded(line, 100))
}

// batchEnd reads the line end after a content.
func batchEnd(r *bufio.Reader) error {
	if b, err := r.ReadByte(); err != nil || b != '\n' {
		return errors.New("git cat-file printed no line end")
	}
	return nil
}
