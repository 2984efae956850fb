# bash completion for boat, printed by `boat --completion`.
# SPDX-License-Identifier: Apache-2.0
_boat() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
  local command='' known='' words='' names='' word
  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$command $word" in
    ' sail' | ' list' | ' list ports') command+=" $word" ;;
    esac
  done
  case "$command $previous" in
    ' sail --target') known=yes; words=$("${COMP_WORDS[0]}" list ports 2>/dev/null | while read -r word _; do echo "$word"; done) ;;
    ' sail -k' | ' sail --knots') known=yes ;;
    ' sail --color') known=yes; words='red green' ;;
    ' sail --log') known=yes; names=-f ;;
    *) ;;
  esac
  if [ -z "$known" ]; then
    if [[ $current != -* ]]; then
      case "$command" in
      *) ;;
      esac
    fi
    if [ -z "$words$names" ]; then
      case "$command" in
    '') words='-h --help sail list' ;;
    ' sail') words='--target -k --knots --color --log --hurry' ;;
    ' list') words='ports' ;;
    ' list ports') words='' ;;
      esac
    fi
  fi
  if [ -n "$names" ]; then
    compopt -o filenames
    mapfile -t COMPREPLY < <(compgen "$names" -- "$current")
  else
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
  fi
}
complete -F _boat boat
