core = 7.x
api = 2
projects[drupal][type] = "core"
projects[drupal][download][type] = 'git' ; the short way
projects[drupal][download][tag] = 7.98
projects[dev][version] = 3.x-dev
projects[rev][download][revision] = 2fe932c
projects[rev][download][branch] = 7.x-1.x
projects[spec][download][url] = https://example.org/spec.git
projects[spec][download][refspec] = refs/tags/7.x-1.0
projects[got][download][type] = get
projects[got][download][url] = "http://example.org/got.tar.gz?a=b"
projects[got][download][md5] = 673EC1BB431113142016D5EB0A0EF77F
projects[got][do_recursion] = FALSE
projects[named][version] = 7.x-2.0-rc1
projects[lib][type] = libraries
projects[lib][download][type] = file
projects[lib][download][url] = https://example.org/lib.js
libraries[plain][download][type] = file
libraries[plain][download][url] = https://example.org/plain.js?v=2
libraries[plain][download][filename] = plain.js
libraries[plain][destination] = modules/contrib/plain
libraries[plain][lock] = Locked for a reason
libraries[fork][download][type] = copy
libraries[fork][download][url] = fork
