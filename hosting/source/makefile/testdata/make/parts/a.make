; Among includes the first wins.
core = 6.x
api = 2
projects[one][version] = 0.1
projects[one][subdir] = from-a
projects[one][patch][] = collides.patch
projects[one][patch][] = second.patch
projects[two][version] = 2.0
projects[three] = FALSE
includes[] = c.make
