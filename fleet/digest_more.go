package fleet

// ActMore is the action of the button that shows the next page of a digest; its
// value is the page's number, from 0.
const ActMore = "digest.more"
