//! Which columns of a table a terminal has room for, and how much of the last one.

use std::borrow::Cow;

/// Blanks between two columns.
const GAP: usize = 2;

/// The column that is cut when no other can be left away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shrinks {
    First,
    Last,
}

/// Leaves columns away until a table is no wider than `room`: first those in `dispensable`, in that order, and then the
/// end of one column. Rows have a cell for each column; `None` is room enough.
pub(crate) fn fit(rows: &mut [Vec<String>], dispensable: &[usize], shrinks: Shrinks, room: Option<usize>) {
    let Some(room) = room else { return };
    let mut gone: Vec<usize> = Vec::new();
    for column in dispensable {
        if total(rows, &gone) <= room {
            break;
        }
        gone.push(*column);
    }
    let is_kept = |column: usize| !gone.contains(&column);
    for row in rows.iter_mut() {
        let mut column = 0..;
        row.retain(|_| column.next().is_none_or(is_kept));
    }
    let Some(last) = rows.first().map(Vec::len).and_then(|count| count.checked_sub(1)) else { return };
    let shrinking = match shrinks {
        Shrinks::First => 0,
        Shrinks::Last => last,
    };
    let others = (0..=last).filter(|column| *column != shrinking);
    let taken: usize = others.map(|column| width(rows, column) + GAP).sum();
    for cell in rows.iter_mut().filter_map(|row| row.get_mut(shrinking)) {
        *cell = cut(cell, room.saturating_sub(taken)).into_owned();
    }
}

/// Characters of the widest cell of a column.
pub(crate) fn width(rows: &[Vec<String>], column: usize) -> usize {
    rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
}

fn total(rows: &[Vec<String>], gone: &[usize]) -> usize {
    let count = rows.first().map_or(0, Vec::len);
    let kept = (0..count).filter(|column| !gone.contains(column));
    kept.map(|column| width(rows, column) + GAP).sum::<usize>().saturating_sub(GAP)
}

/// The text, or its beginning and a mark that there is more.
pub(crate) fn cut(text: &str, room: usize) -> Cow<'_, str> {
    if text.chars().count() <= room {
        return Cow::Borrowed(text);
    }
    let Some(kept) = room.checked_sub(1) else { return Cow::Borrowed("") };
    Cow::Owned(text.chars().take(kept).chain(['…']).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fitted(room: Option<usize>) -> Vec<String> {
        let rows = [["NAME", "PID", "LOG", "DESCRIPTION"], ["web:one", "7", "/var/log/web", "pid 7, uptime 0:01"]];
        let mut rows = rows.map(|row| row.map(ToOwned::to_owned).to_vec());
        fit(&mut rows, &[2, 1], Shrinks::Last, room);
        rows.map(|row| row.join("|")).to_vec()
    }

    #[test]
    fn columns_go_before_the_description_is_cut() {
        let all = ["NAME|PID|LOG|DESCRIPTION", "web:one|7|/var/log/web|pid 7, uptime 0:01"];
        assert_eq!(fitted(None), all);
        assert_eq!(fitted(Some(46)), all);
        assert_eq!(fitted(Some(45)), ["NAME|PID|DESCRIPTION", "web:one|7|pid 7, uptime 0:01"]);
        assert_eq!(fitted(Some(31)), ["NAME|DESCRIPTION", "web:one|pid 7, uptime 0:01"]);
        assert_eq!(fitted(Some(20)), ["NAME|DESCRIPTION", "web:one|pid 7, upt…"]);
        assert_eq!(fitted(Some(3)), ["NAME|", "web:one|"]);
    }
}
