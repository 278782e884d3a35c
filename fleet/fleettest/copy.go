package fleettest

import (
	"encoding/json"
	"reflect"
	"time"
)

// decode gives what data, the JSON of a record, says of one of its type.
func decode(data []byte, like reflect.Type) (reflect.Value, error) {
	v := reflect.New(like)
	err := json.Unmarshal(data, v.Interface())
	return v.Elem(), err
}

// fill makes dst a deep copy of src, a value that was decoded before, as the real
// store fills a record: what JSON knows nothing of (the parts of its key) stays.
// Decoding anew at each reading would take most of the time of long tests.
func fill(dst, src reflect.Value) {
	switch src.Kind() {
	case reflect.Struct:
		if src.Type() == reflect.TypeFor[time.Time]() {
			dst.Set(src)
			return
		}
		for i := range src.NumField() {
			if f := src.Type().Field(i); f.IsExported() && f.Tag.Get("json") != "-" {
				fill(dst.Field(i), src.Field(i))
			}
		}
	case reflect.Pointer:
		dst.SetZero()
		if !src.IsNil() {
			dst.Set(reflect.New(src.Type().Elem()))
			fill(dst.Elem(), src.Elem())
		}
	case reflect.Slice:
		dst.SetZero()
		if !src.IsNil() {
			dst.Set(reflect.MakeSlice(src.Type(), src.Len(), src.Len()))
			for i := range src.Len() {
				fill(dst.Index(i), src.Index(i))
			}
		}
	case reflect.Map:
		dst.SetZero()
		if !src.IsNil() {
			dst.Set(reflect.MakeMapWithSize(src.Type(), src.Len()))
			for it := src.MapRange(); it.Next(); {
				v := reflect.New(src.Type().Elem()).Elem()
				fill(v, it.Value())
				dst.SetMapIndex(it.Key(), v)
			}
		}
	default:
		dst.Set(src)
	}
}
