//! What a turn comes to: the documented formula, from choices to changes. No luck is in it.
//!
//! - Each choice weighs, for everybody who took it, 1 and their talent for it. The heaviest is what the party does; of equal ones the
//!   first.
//! - Its score is 10 times the supporters' talent divided by all who chose, and a tenth of the trust, both rounded down. At its
//!   difficulty or above it succeeds.
//! - Two or more who all chose the same: trust +2. Less than half behind what is done: trust −2. Nobody chose: the first choice that
//!   everybody may take happens and fails, and trust −10.

use std::collections::BTreeSet;

use super::party::{Change, Chosen, Member, World, item};
use super::story::{Branch, Choice, Scene, Story};
use super::wire::Resolution;
use crate::id::Seat;

/// What agreeing brings.
const HARMONY: i16 = 2;
/// What silence costs.
const SILENCE: i16 = -10;

/// A turn's outcome, and the party after it.
pub struct Turn {
    pub resolution: Resolution,
    pub trust: u8,
    pub flags: BTreeSet<String>,
    pub party: Vec<Member>,
    /// The scene or ending that follows.
    pub next: String,
}

/// The party as the turn found it, and changes as they come.
struct Ledger {
    trust: u8,
    flags: BTreeSet<String>,
    party: Vec<Member>,
    changes: Vec<Change>,
}

/// Resolves turn number `turn` of `story` in `scene`: `votes` are what each chose, by seat.
pub fn resolve(
    story: &Story,
    scene: &Scene,
    world: World<'_>,
    turn: u32,
    votes: &[(Seat, String)],
    timed_out: bool,
) -> Option<Turn> {
    let voters: Vec<(&Member, &Choice)> = votes
        .iter()
        .filter_map(|(seat, id)| {
            let member = world.party.iter().find(|member| member.seat == *seat)?;
            Some((member, scene.choices.iter().find(|choice| choice.id.get_ref() == id)?))
        })
        .collect();
    let talent = |member: &Member, choice: &Choice| u32::from(member.talents.of(choice.talent));
    let weight = |choice: &Choice| -> u32 {
        voters.iter().filter(|(_, voted)| voted.id == choice.id).map(|(member, _)| 1 + talent(member, choice)).sum()
    };
    let heaviest = scene.choices.iter().map(weight).max().unwrap_or(0);
    let done = if heaviest == 0 {
        scene.choices.iter().find(|choice| choice.needs.is_none())?
    } else {
        scene.choices.iter().find(|choice| weight(choice) == heaviest)?
    };

    let supporters: Vec<&Member> = voters.iter().filter(|(_, voted)| voted.id == done.id).map(|(member, _)| *member).collect();
    let total: u32 = supporters.iter().map(|member| talent(member, done)).sum();
    let score =
        (10 * total).checked_div(u32::try_from(voters.len()).unwrap_or(u32::MAX)).unwrap_or(0) + u32::from(world.trust) / 10;
    let success = !voters.is_empty() && score >= u32::from(done.difficulty) || done.failure.is_none();
    let branch = done.failure.as_ref().filter(|_| !success).unwrap_or(&done.success);
    // The one with most talent, and of equal ones the first by seat.
    let most = supporters.iter().map(|member| talent(member, done)).max();
    let leader = supporters.iter().find(|member| Some(talent(member, done)) == most).map(|member| member.seat);

    let mut ledger = Ledger { trust: world.trust, flags: world.flags.clone(), party: world.party.to_vec(), changes: vec![] };
    for (member, choice) in &voters {
        ledger.hurt(member.seat, choice.own.health.into());
    }
    let agreed = match (supporters.len(), voters.len()) {
        (_, 0) => SILENCE,
        (all, of) if of > 1 && all == of => HARMONY,
        (some, of) if 2 * some < of => -HARMONY,
        _ => 0,
    };
    ledger.trust(agreed + i16::from(branch.trust));
    let standing = |seat: Seat| supporters.iter().any(|member| member.seat == seat);
    for member in world.party.iter().filter(|member| member.takes_part(turn)) {
        let voted = voters.iter().any(|(voter, _)| voter.seat == member.seat);
        let mut by = i16::from(branch.health.all);
        if standing(member.seat) {
            by += i16::from(branch.health.supporters);
        } else if voted {
            by += i16::from(branch.health.against);
        }
        if leader == Some(member.seat) {
            by += i16::from(branch.health.leader);
        }
        ledger.hurt(member.seat, by);
    }
    ledger.things(story, branch, leader);

    let named = leader.and_then(|seat| world.party.iter().find(|member| member.seat == seat));
    let text = branch.text.replace("{leader}", named.map_or("somebody", |member| &member.character_name));
    let next = ledger.next(story, branch);
    let choices = voters.iter().map(|(member, choice)| Chosen {
        seat: member.seat,
        player_id: member.player_id,
        player_name: member.player_name.clone(),
        choice_id: choice.id.get_ref().clone(),
        text: choice.text.clone(),
    });
    let resolution = Resolution {
        turn_number: turn,
        scenario_id: scene.id.get_ref().clone(),
        theme: scene.theme.clone(),
        title: scene.title.clone(),
        choices: choices.collect(),
        choice_id: done.id.get_ref().clone(),
        choice_text: done.text.clone(),
        leader,
        score,
        difficulty: u32::from(done.difficulty),
        success,
        text,
        timed_out,
        changes: ledger.changes,
    };
    Some(Turn { resolution, trust: ledger.trust, flags: ledger.flags, party: ledger.party, next })
}

impl Ledger {
    fn trust(&mut self, by: i16) {
        let after = (i16::from(self.trust) + by).clamp(0, 100);
        let by = after - i16::from(self.trust);
        self.trust = u8::try_from(after).unwrap_or(self.trust);
        if by != 0 {
            self.changes.push(Change::Trust { by });
        }
    }

    /// Who has fallen stays down.
    fn hurt(&mut self, seat: Seat, by: i16) {
        let Some(member) = self.party.iter_mut().find(|member| member.seat == seat && member.stands()) else { return };
        let after = (i16::from(member.health) + by).clamp(0, i16::from(member.health_max));
        let by = after - i16::from(member.health);
        member.health = u8::try_from(after).unwrap_or(member.health);
        let fell = !member.stands();
        if by != 0 {
            self.changes.push(Change::Health { seat, by });
        }
        if fell {
            self.changes.push(Change::Fell { seat });
        }
    }

    /// Items and flags.
    fn things(&mut self, story: &Story, branch: &Branch, leader: Option<Seat>) {
        for id in &branch.take {
            for member in &mut self.party {
                if let Some(at) = member.items.iter().position(|own| own.item_id == *id.get_ref()) {
                    let lost = member.items.remove(at);
                    self.changes.push(Change::Lost { seat: member.seat, item: lost.name });
                }
            }
        }
        // What nobody led to is picked up by the first who stands.
        let holder = self.party.iter().find(|member| leader == Some(member.seat) && member.stands());
        let holder = holder.or_else(|| self.party.iter().find(|member| member.stands())).map(|member| member.seat);
        for id in &branch.give {
            let member = self.party.iter_mut().find(|member| holder == Some(member.seat) && !member.has(id.get_ref()));
            if let (Some(member), Some(found)) = (member, item(story, id.get_ref())) {
                self.changes.push(Change::Gained { seat: member.seat, item: found.name.clone() });
                member.items.push(found);
            }
        }
        self.flags.extend(branch.set.iter().map(|flag| flag.get_ref().clone()));
        for flag in &branch.clear {
            self.flags.remove(flag.get_ref());
        }
    }

    fn next(&self, story: &Story, branch: &Branch) -> String {
        if self.party.iter().all(|member| !member.stands()) {
            return story.fallen.get_ref().clone();
        }
        let world = World { trust: self.trust, flags: &self.flags, party: &self.party };
        let detour = branch.detours.iter().find(|detour| world.holds(&detour.when));
        detour.map_or(&branch.next, |detour| &detour.to).get_ref().clone()
    }
}
