core = 7.x
api = 2
projects[one][version] = 9.0
