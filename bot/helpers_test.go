package bot

import "encoding/json"

// toJSON is v for looking at.
func toJSON(v any) string {
	raw, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		return err.Error()
	}
	return string(raw)
}
