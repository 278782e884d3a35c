package store

import "errors"

func (s *Store) connectLocal(o Options) error { return errors.ErrUnsupported }

type localServer struct{}
