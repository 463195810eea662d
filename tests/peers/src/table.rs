//! The table.

use peers::{Caller, Subject};

use crate::measure::{cpu::Ratio, instructions::Instructions};

/// What was measured of one subject.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) subject: &'static Subject,
    sampled: Cell,
    unsampled: Cell,
}

#[derive(Debug, Default)]
pub(crate) struct Cell {
    pub(crate) allocations: Option<f64>,
    pub(crate) cpu: Option<Ratio>,
    pub(crate) instructions: Option<Instructions>,
}

impl Row {
    pub(crate) fn new(subject: &'static Subject) -> Self {
        Self {
            subject,
            sampled: Cell::default(),
            unsampled: Cell::default(),
        }
    }

    pub(crate) fn cell(&mut self, caller: Caller) -> &mut Cell {
        match caller {
            Caller::Sampled => &mut self.sampled,
            Caller::Unsampled => &mut self.unsampled,
        }
    }
}

/// Renders the rows. Baselines show what they cost, all others what they add to that.
pub(crate) fn render(rows: &[Row]) -> String {
    let head = "| added per request | instructions, sampled | not sampled | allocations, sampled \
        | not sampled | CPU of bare, sampled | not sampled |\n\
        |---|--:|--:|--:|--:|--:|--:|";
    let lines = rows.iter().map(|row| {
        let bare = rows
            .iter()
            .find(|other| other.subject.name == row.subject.baseline);
        let bare = bare.filter(|bare| bare.subject.name != row.subject.name);
        let cells = [(&row.sampled, bare.map(|bare| &bare.sampled)), {
            (&row.unsampled, bare.map(|bare| &bare.unsampled))
        }];
        let columns = [instructions, allocations, cpu]
            .into_iter()
            .flat_map(|column| cells.map(|(cell, bare)| column(cell, bare)))
            .collect::<Vec<_>>();
        format!("| {} | {} |", row.subject.name, columns.join(" | "))
    });
    [head.to_owned()]
        .into_iter()
        .chain(lines)
        .collect::<Vec<_>>()
        .join("\n")
}

fn instructions(cell: &Cell, bare: Option<&Cell>) -> String {
    let Some(all) = cell.instructions else {
        return "-".to_owned();
    };
    let bare = bare.and_then(|bare| bare.instructions).unwrap_or_default();
    let others = all.others - bare.others;
    if others.abs() < 0.5 {
        return format!("{:.0}", all.own - bare.own);
    }
    format!("{:.0} (+ {others:.0})", all.own - bare.own)
}

fn allocations(cell: &Cell, bare: Option<&Cell>) -> String {
    let Some(all) = cell.allocations else {
        return "-".to_owned();
    };
    let added = all - bare.and_then(|bare| bare.allocations).unwrap_or_default();
    let text = format!("{added:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

fn cpu(cell: &Cell, _bare: Option<&Cell>) -> String {
    let Some(Ratio {
        median,
        quartiles: (first, third),
    }) = cell.cpu
    else {
        return "-".to_owned();
    };
    format!("{median:.2} ({first:.2} to {third:.2})")
}
