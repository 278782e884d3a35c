core = 7.x
api = 2
projects[drupal] = 7.98
projects[one][version] = 1.0
projects[one][subdir] = kept
overrides[] = parts/over.make
