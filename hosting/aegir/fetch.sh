# fetch DIR: writes the code of a platform to standard output as a tar archive.
# What is below sites belongs to the sites, but for sites/all and single files.
set -e
cd "$1"
{
  find . -mindepth 1 -maxdepth 1 ! -name sites ! -name .git -print0
  if [ -d sites ]; then find sites -mindepth 1 -maxdepth 1 \( -name all -o -type f \) ! -name drushrc.php -print0; fi
} | tar --null -cf - -T -
