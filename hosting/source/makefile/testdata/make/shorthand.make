; The short forms of everything.
core = 7
api = 2
projects[] = ctools
projects[views] = 3.24
projects[token][subdir] = tools
projects[token] = 1.9
projects[devel] = FALSE
projects[drupal] = 7.98
