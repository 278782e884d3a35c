package mirror

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// catFile runs git cat-file --batch for names and hands its output to consume,
// which reads exactly what there is: for each name a batchHeader and, unless the
// object is missing, its content and a batchEnd.
func (s *Store) catFile(ctx context.Context, dir string, names []string, consume func(*bufio.Reader) error) error {
	pr, pw := io.Pipe()
	consumed := make(chan error, 1)
	go func() {
		err := consume(bufio.NewReaderSize(pr, 128<<10))
		if err == nil {
			_ = pr.CloseWithError(io.ErrClosedPipe) // more output than asked for is an error
		} else {
			_ = pr.CloseWithError(err) // ends git
		}
		consumed <- err
	}()
	_, runErr := s.git(ctx, dir, gitCall{
		args:   []string{"cat-file", "--batch", "--buffer"},
		stdin:  strings.NewReader(strings.Join(names, "\n") + "\n"),
		stdout: pw,
	})
	_ = pw.CloseWithError(runErr) // EOF when nil
	err := <-consumed
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil && (runErr == nil || errors.Is(runErr, err)):
		return unwrapKnown(err)
	case runErr != nil:
		return fmt.Errorf("read objects: %w", runErr)
	}
	return nil
}

// batchHeader reads "<hash> <type> <size>" or, for what is not there, "<name>
// missing" and the like, which gives an empty kind.
func batchHeader(r *bufio.Reader) (kind string, size int64, err error) {
	line, err := r.ReadString('\n')
	if err != nil {
		return "", 0, fmt.Errorf("git cat-file stopped: %w", err)
	}
	line = strings.TrimSuffix(line, "\n")
	if hasAnySuffix(line, " missing", " ambiguous", " submodule") {
		return "", 0, nil
	}
	f := strings.Fields(line)
	if len(f) == 3 {
		if size, err := strconv.ParseInt(f[2], 10, 64); err == nil && size >= 0 {
			return f[1], size, nil
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
