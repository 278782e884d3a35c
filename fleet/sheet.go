package fleet

// A Sheet is more than a message holds, shown in pages beside it (a modal).
// What is pressed or chosen on it shows it anew, in its place. Order on the
// page: Lines, Choose, Rows, More, Buttons.
type Sheet struct {
	Title   string     // up to 24 characters
	Lines   []Line     // what is shown, and which page of it
	Choose  *Select    // what it can be about; nil for one thing
	Rows    []SheetRow // of this page, at most MaxSheetRows
	More    []Line
	Buttons []Button // to other pages
}

// MaxSheetRows is how many rows a page of a Sheet holds.
const MaxSheetRows = 30

// A SheetRow stands side by side: what, and how it differs.
type SheetRow struct{ Left, Right Line }

// A Select is a menu that acts as soon as something is chosen: it presses
// Action with the value of the choice.
type Select struct {
	Action  string
	Label   string
	Initial string // value of the present choice
	Choices []Choice
}

// MaxChoices is how many options a Select holds (Slack's limit of a menu).
const MaxChoices = 100
