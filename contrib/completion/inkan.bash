# bash completion for inkan(1): commands and options are asked of the program,
# so they are always those of its version.

_inkan_options()
{
	"$1" help $2 --lang en --color never 2>/dev/null |
		sed -n 's/^  \(   \|-.,\) \(--[a-z-]*\).*/\2/p'
}

_inkan_commands()
{
	"$1" help --lang en --color never 2>/dev/null |
		sed -n 's/^  \([a-z][a-z]*\)  *.*/\1/p'
}

_inkan()
{
	local program=$1 word=${COMP_WORDS[COMP_CWORD]} before=
	local command= i words=

	[ "$COMP_CWORD" -eq 0 ] || before=${COMP_WORDS[COMP_CWORD - 1]}
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-*) ;;
		*) command=${COMP_WORDS[i]}; break ;;
		esac
	done
	COMPREPLY=()
	case $before in
	--color) words="auto always never" ;;
	--lang) words="en ja" ;;
	--policy) words="none quarantine reject" ;;
	--format) words="table zone lines json nsupdate" ;;
	--algorithm) words="rsa-sha256 ed25519-sha256" ;;
	--canonicalization) words="relaxed/relaxed relaxed/simple simple/relaxed simple/simple" ;;
	--dnssec) words="auto yes no" ;;
	--zone | --key | --config | -c | -k | --directory | -D | --cert | --tsig | --state | --html | --root | --postfix | --spool | --token-file)
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
		return ;;
	help) words=$(_inkan_commands "$program") ;;
	*)
		case $word in
		-*) words=$(_inkan_options "$program" "$command") ;;
		*)
			case $command in
			"") words=$(_inkan_commands "$program") ;;
			reports) [ "$before" != reports ] || words="import summary sources list advise serve export send suppress digest" ;;
			rotate) words="status start next finish abort" ;;
			esac ;;
		esac ;;
	esac
	if [ -n "$words" ]; then
		mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
	else
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
	fi
}

complete -o filenames -F _inkan inkan
