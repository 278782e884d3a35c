core = 7.x
api = 2
projects[drupal] = 7.98
projects[one][version] = 1.0
projects[one][patch][] = own.patch
includes[] = parts/a.make
includes[] = parts/b.make.yml
