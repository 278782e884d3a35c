package workspace

import "time"

func authTest(c *call) (obj, error) {
	st := c.s.st
	return obj{"url": c.s.base + "/", "team": "Local workspace", "team_id": st.teamID, "user": st.bot.Name,
		"user_id": st.bot.ID, "bot_id": st.botID, "is_enterprise_install": false}, nil
}

func botsInfo(c *call) (obj, error) {
	st := c.s.st
	if id := c.str("bot"); id != "" && id != st.botID {
		return nil, refuse("bot_not_found")
	}
	bot := c.s.botProfile()
	delete(bot, "team_id")
	bot["user_id"] = st.bot.ID
	return obj{"bot": bot}, nil
}

func teamInfo(c *call) (obj, error) {
	return obj{"team": obj{"id": c.s.st.teamID, "name": "Local workspace", "domain": "local"}}, nil
}

func userInfo(c *call) (obj, error) {
	// By id only: a name is not an identity at Slack, nor here.
	p, ok := c.s.st.person(c.str("user"))
	if !ok || p.ID != c.str("user") {
		return nil, refuse("user_not_found")
	}
	return obj{"user": c.s.userObject(p)}, nil
}

func listUsers(c *call) (obj, error) {
	members := []obj{c.s.userObject(c.s.st.bot)}
	for _, p := range c.s.st.people {
		members = append(members, c.s.userObject(p))
	}
	page, cursor, err := paginate(members, c.args, 1000)
	if err != nil {
		return nil, err
	}
	return obj{"members": page, "cache_ts": c.s.now().Unix(), "response_metadata": obj{"next_cursor": cursor}}, nil
}

func lookupByEmail(c *call) (obj, error) {
	for _, p := range c.s.st.people {
		if p.Email == c.str("email") {
			return obj{"user": c.s.userObject(p)}, nil
		}
	}
	return nil, refuse("users_not_found")
}

// userObject is a person in Slack's form.
func (s *Server) userObject(p Person) obj {
	offset := 0
	if loc, err := time.LoadLocation(p.TZ); err == nil {
		_, offset = s.now().In(loc).Zone()
	}
	bot, team := p.ID == s.st.bot.ID || p.Robot, s.teamOf(p)
	u := obj{
		"id": p.ID, "team_id": team, "name": p.Name, "deleted": p.Gone, "real_name": p.RealName,
		"tz": p.TZ, "tz_label": p.TZ, "tz_offset": offset, "is_bot": bot, "is_app_user": false,
		"is_admin": false, "is_owner": false, "is_restricted": p.Guest || p.Single, "is_ultra_restricted": p.Single,
		"updated": s.now().Unix(),
		"profile": obj{"display_name": p.Name, "real_name": p.RealName, "email": p.Email, "title": p.Title, "team": team},
	}
	if team != s.st.teamID { // Slack says it of strangers alone
		u["is_stranger"] = true
	}
	return u
}

// teamOf gives the workspace that a person is of: another one for somebody who
// came through a shared channel.
func (s *Server) teamOf(p Person) string {
	if p.Team != "" {
		return p.Team
	}
	return s.st.teamID
}

func listGroups(c *call) (obj, error) {
	list := []obj{}
	for _, g := range c.s.st.userGroups() {
		o := obj{"id": g.ID, "team_id": c.s.st.teamID, "is_usergroup": true, "name": g.Handle, "handle": g.Handle,
			"user_count": len(g.Users), "date_create": 0, "date_delete": 0, "is_external": false}
		if c.flag("include_users") {
			o["users"] = g.Users
		}
		list = append(list, o)
	}
	return obj{"usergroups": list}, nil
}

func listGroupUsers(c *call) (obj, error) {
	for _, g := range c.s.st.userGroups() {
		if g.ID == c.str("usergroup") {
			return obj{"users": g.Users}, nil
		}
	}
	return nil, refuse("no_such_subteam")
}
