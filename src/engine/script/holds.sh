# holds VALUE SIGN WANTED: versions are compared by numbers, others as text.
holds() {
    A=$1 SIGN=$2 B=$3 awk 'BEGIN {
        a = ENVIRON["A"]; b = ENVIRON["B"]; sign = ENVIRON["SIGN"]
        if (a == "") { if (sign == "!=") exit 0; exit 1 }
        order = (a "" < b "") ? -1 : (a "" > b "") ? 1 : 0
        if (a ~ /^[0-9]+(\.[0-9]+)*$/ && b ~ /^[0-9]+(\.[0-9]+)*$/) {
            n = split(a, x, "."); m = split(b, y, "."); order = 0
            for (i = 1; (i <= n || i <= m) && order == 0; i++) {
                order = (x[i] + 0 < y[i] + 0) ? -1 : (x[i] + 0 > y[i] + 0) ? 1 : 0
            }
        }
        if (sign == "==") exit !(order == 0)
        if (sign == "!=") exit !(order != 0)
        if (sign == "<") exit !(order < 0)
        if (sign == "<=") exit !(order <= 0)
        if (sign == ">") exit !(order > 0)
        exit !(order >= 0)
    }'
}
