package fleet

import (
	"context"
)

// openPlans reads every plan that is not final, over all families.
func openPlans(ctx context.Context, s Store) ([]Plan, error) {
	var out []Plan
	for _, fam := range PlanFamilies() {
		plans, err := listRows(ctx, s, OpenPlans(fam), planRow)
		if err != nil {
			return nil, err
		}
		out = append(out, plans...)
	}
	return out, nil
}
