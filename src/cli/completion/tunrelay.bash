# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Completion of tunrelay in bash: the program itself says what may stand next.

# Cuts the line as the shell does, with what quotes hold as a part of its word: WORDS, of which the
# last is begun, and QUOTE, the one that is still open.
_tunrelay_words() {
  local line=$1 index letter word='' is_word=no
  words=() quote=''
  for ((index = 0; index < ${#line}; ++index)); do
    letter=${line:index:1}
    if [[ $letter == "$quote" ]]; then
      quote=''
    elif [[ -n $quote ]]; then
      word+=$letter
    elif [[ $letter == [\"\'] ]]; then
      quote=$letter is_word=yes
    elif [[ $letter == "\\" ]]; then
      ((++index))
      word+=${line:index:1} is_word=yes
    elif [[ $letter != [[:space:]] ]]; then
      word+=$letter is_word=yes
    elif [[ $is_word == yes ]]; then
      words+=("$word")
      word='' is_word=no
    fi
  done
  words+=("$word")
}

_tunrelay_add() {
  mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY
  compopt -o filenames
}

_tunrelay() {
  local words quote kept='' line
  COMPREPLY=()
  _tunrelay_words "${COMP_LINE:0:COMP_POINT}"
  local word=${words[-1]}
  # Readline begins a word behind = and :, where it is not quoted.
  if [[ -z $quote && $word == *[=:]* ]]; then
    kept=${word%"${word##*[=:]}"}
  fi
  while IFS= read -r line; do
    case $line in
      :files) _tunrelay_add < <(compgen -f -- "${word#"$kept"}") ;;
      :directories) _tunrelay_add < <(compgen -d -- "${word#"$kept"}") ;;
      ":command "*)
        if declare -F _command_offset >/dev/null; then
          _command_offset $((${line#:command } + 1))
        else
          mapfile -t COMPREPLY < <(compgen -c -- "$word")
        fi
        ;;
      *)
        line=${line%%$'\t'*}
        line=${line#"$kept"}
        [[ -n $quote ]] || printf -v line '%q' "$line"
        COMPREPLY+=("$line")
        ;;
    esac
  done < <("${words[0]}" complete-line "${words[@]:1}" 2>/dev/null)
}

complete -F _tunrelay tunrelay
