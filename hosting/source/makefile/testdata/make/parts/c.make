core = 7.x
api = 2
projects[four][version] = 4.0
projects[four][patch][key2] = "https://example.org/from-c.patch"
