package fleet

import "slices"

// Redacted gives the message without secrets in what people read. Addresses of
// links stay: one that logs somebody in is for that person's eyes.
func (m Message) Redacted() Message {
	m.Text, m.Title = Redact(m.Text), Redact(m.Title)
	m.Lines, m.More = redactLines(m.Lines), redactLines(m.More)
	m.Footer = redactLine(m.Footer)
	m.Fields = slices.Clone(m.Fields)
	for i, f := range m.Fields {
		m.Fields[i].Label, m.Fields[i].Value = Redact(f.Label), redactLine(f.Value)
	}
	if m.Table != nil {
		t := *m.Table
		t.Caption, t.Header, t.Rows = Redact(t.Caption), redactWords(t.Header), slices.Clone(t.Rows)
		for i, row := range t.Rows {
			t.Rows[i] = redactWords(row)
		}
		m.Table = &t
	}
	return m
}

func redactLines(lines []Line) []Line {
	out := slices.Clone(lines)
	for i := range out {
		out[i] = redactLine(out[i])
	}
	return out
}

func redactLine(l Line) Line {
	l.Spans = slices.Clone(l.Spans)
	for i := range l.Spans {
		l.Spans[i].Text = Redact(l.Spans[i].Text)
	}
	return l
}

func redactWords(words []string) []string {
	out := slices.Clone(words)
	for i := range out {
		out[i] = Redact(out[i])
	}
	return out
}

// Redacted gives the event without secrets in what people wrote or programs
// said.
func (e AuditEvent) Redacted() AuditEvent {
	e.About, e.Who.Name = Redact(e.About), Redact(e.Who.Name)
	if e.Detail != nil {
		detail := make(map[string]string, len(e.Detail))
		for k, v := range e.Detail {
			detail[k] = Redact(v)
		}
		e.Detail = detail
	}
	return e
}
