//! Looks answers up, reads them, and remembers what is missing or wrong.

use super::{Fault, FaultKind, Subject};
use crate::abi;
use crate::contract::Coded;
use crate::header::Header;
use crate::log::Log;
use crate::owner::{self, Owner};
use crate::proof::ProvenAccount;
use crate::rpc::{Endpoint, Question};
use crate::timeline::{self, Timeline};
use crate::wire;
use alloy_primitives::{Address, B256, Bytes};
use alloy_sol_types::SolCall;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use veritee_base::Budget;

/// One endpoint's answers.
pub(crate) struct Reader<'a> {
    endpoint: &'a Endpoint,
    subject: &'a Subject,
    budget: &'a Budget,
    /// Recorded ranges of logs: contract, first block, last block.
    ranges: BTreeMap<(Address, u64), u64>,
    wanted: Vec<Question>,
    faults: Vec<Fault>,
    /// Owners that may still be looked at.
    owners_left: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(endpoint: &'a Endpoint, subject: &'a Subject, budget: &'a Budget) -> Self {
        let mut ranges = BTreeMap::new();
        for (question, answer) in endpoint.asked() {
            if let (Question::Logs { address, from, to }, Ok(_)) = (question, answer) {
                let last = ranges.entry((*address, *from)).or_insert(*to);
                *last = (*last).max(*to);
            }
        }
        let (wanted, faults) = (Vec::new(), Vec::new());
        Self { endpoint, subject, budget, ranges, wanted, faults, owners_left: owner::MOST }
    }

    pub(crate) fn into_parts(self) -> (Vec<Question>, Vec<Fault>) {
        (self.wanted, self.faults)
    }

    pub(crate) fn fault(&mut self, kind: FaultKind, question: &Question, detail: String) {
        let fault = Fault { kind, question: question.to_string(), detail };
        if !self.faults.contains(&fault) {
            self.faults.push(fault);
        }
    }

    /// The answer to a question; otherwise it is wanted, or a fault.
    fn get(&mut self, question: &Question) -> Option<&'a str> {
        match self.endpoint.answer(question) {
            Some(Ok(text)) => Some(text),
            Some(Err(error)) => {
                let detail = error.to_string();
                self.fault(FaultKind::Error, question, detail);
                None
            }
            None => {
                if !self.wanted.contains(question) {
                    self.wanted.push(question.clone());
                }
                None
            }
        }
    }

    pub(crate) fn chain_id(&mut self) {
        let question = Question::ChainId;
        let Some(text) = self.get(&question) else { return };
        let expected = self.subject.chain_id;
        match string(text)
            .and_then(|text| wire::quantity("chainId", &text).map_err(|error| error.to_string()))
        {
            Ok(got) if got == expected => {}
            Ok(got) => {
                self.fault(FaultKind::ChainId, &question, format!("expected chain {expected}, got {got}"));
            }
            Err(error) => self.fault(FaultKind::ChainId, &question, error),
        }
    }

    pub(crate) fn header(&mut self, number: u64) -> Option<Header> {
        let question = Question::BlockByNumber(number);
        let text = self.get(&question)?;
        if text.trim() == "null" {
            self.fault(FaultKind::Reorganised, &question, "there is no such block".to_owned());
            return None;
        }
        match Header::from_rpc(text) {
            Ok(header) if header.number() == number => Some(header),
            Ok(header) => {
                let detail = format!("expected block {number}, got {}", header.number());
                self.fault(FaultKind::Block, &question, detail);
                None
            }
            Err(error) => {
                self.fault(FaultKind::Header, &question, error.to_string());
                None
            }
        }
    }

    /// The header of the block to read at; it has the hash that the caller gave.
    pub(crate) fn pinned(&mut self) -> Option<Header> {
        let (number, given) = (self.subject.block, self.subject.given_hash);
        let header = self.header(number)?;
        match given.filter(|given| *given != header.hash()) {
            Some(given) => {
                let detail = format!("expected the given block {given}, got {}", header.hash());
                self.fault(FaultKind::Block, &Question::BlockByNumber(number), detail);
                None
            }
            None => Some(header),
        }
    }

    pub(crate) fn account(
        &mut self,
        header: &Header,
        address: Address,
        slots: Vec<B256>,
    ) -> Option<ProvenAccount> {
        let question = Question::Proof { address, slots: slots.clone(), block: header.number() };
        let text = self.get(&question)?;
        match ProvenAccount::from_rpc(header, address, &slots, text) {
            Ok(account) => Some(account),
            Err(error) => {
                self.fault(FaultKind::Proof, &question, error.to_string());
                None
            }
        }
    }

    /// An account with its code.
    pub(crate) fn coded(&mut self, header: &Header, address: Address, slots: Vec<B256>) -> Option<Coded> {
        let question = Question::Code { address, block: header.number() };
        let proof = self.account(header, address, slots);
        let text = self.get(&question);
        let (proof, text) = (proof?, text?);
        let code =
            string(text).and_then(|text| wire::bytes("code", &text).map_err(|error| error.to_string()));
        let coded = code.and_then(|code| Coded::new(proof, code).map_err(|error| error.to_string()));
        match coded {
            Ok(coded) => Some(coded),
            Err(error) => {
                self.fault(FaultKind::Code, &question, error);
                None
            }
        }
    }

    /// What a getter answers at the block.
    pub(crate) fn call<C: SolCall>(&mut self, header: &Header, to: Address, call: C) -> Option<C::Return> {
        let question = Question::Call { to, data: Bytes::from(call.abi_encode()), block: header.hash() };
        let text = self.get(&question)?;
        let bytes =
            string(text).and_then(|text| wire::bytes("result", &text).map_err(|error| error.to_string()));
        match bytes.and_then(|bytes| abi::returned::<C>(&bytes).map_err(|error| error.to_string())) {
            Ok(value) => Some(value),
            Err(error) => {
                self.fault(FaultKind::Call, &question, error);
                None
            }
        }
    }

    /// All events of a contract up to the block.
    pub(crate) fn logs(&mut self, address: Address, header: &Header) -> Option<Timeline> {
        self.logs_of(address, header).map(|logs| Timeline::of(address, &logs))
    }

    /// All logs of a contract up to the block, from as many ranges as it took.
    pub(crate) fn logs_of(&mut self, address: Address, header: &Header) -> Option<Vec<Log>> {
        let last = header.number();
        let mut from = self.subject.from_block.min(last);
        let mut logs: Vec<Log> = Vec::new();
        loop {
            let to = self.ranges.get(&(address, from)).copied().unwrap_or(last);
            let question = Question::Logs { address, from, to };
            if to > last {
                self.fault(FaultKind::Logs, &question, format!("a range beyond block {last}"));
                return None;
            }
            let text = self.get(&question)?;
            let mut part = match self.range(text, address, from, to) {
                Ok(part) => part,
                Err(error) => {
                    self.fault(FaultKind::Logs, &question, error);
                    return None;
                }
            };
            logs.append(&mut part);
            if logs.len() > self.budget.chain_logs {
                self.fault(
                    FaultKind::Budget,
                    &question,
                    format!("more than {} logs", self.budget.chain_logs),
                );
                return None;
            }
            if to == last {
                break;
            }
            from = to.saturating_add(1);
        }
        if let Some(log) = logs.iter().find(|log| log.block_number == last && log.block_hash != header.hash())
        {
            let question = Question::Logs { address, from: last, to: last };
            let detail = format!("a log of block {}, the block is {}", log.block_hash, header.hash());
            self.fault(FaultKind::Reorganised, &question, detail);
            return None;
        }
        Some(logs)
    }

    fn range(&self, text: &str, address: Address, from: u64, to: u64) -> Result<Vec<Log>, String> {
        let logs = Log::list(text).map_err(|error| error.to_string())?;
        timeline::check(&logs, &BTreeSet::from([address]), from, to).map_err(|error| error.to_string())?;
        Ok(logs)
    }

    /// Whether so many steps are within the budget; otherwise that is a fault.
    pub(crate) fn affords(&mut self, steps: usize, address: Address, last: u64) -> bool {
        let limit = self.budget.chain_steps;
        if steps > limit {
            let question = Question::Logs { address, from: self.subject.from_block, to: last };
            let detail = format!("observed blocks times logs are {steps}, at most {limit}");
            self.fault(FaultKind::Budget, &question, detail);
        }
        steps <= limit
    }

    /// Who stands behind an address.
    pub(crate) fn owner(&mut self, header: &Header, address: Address) -> Owner {
        owner::classify(self, header, address, owner::DEPTH)
    }

    /// Leave to look at one more owner.
    pub(crate) const fn one_more_owner(&mut self) -> bool {
        match self.owners_left.checked_sub(1) {
            Some(left) => {
                self.owners_left = left;
                true
            }
            None => false,
        }
    }
}

/// The one JSON string that an answer is.
fn string(text: &str) -> Result<String, String> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let string = String::deserialize(&mut reader).map_err(|error| error.to_string())?;
    reader.end().map_err(|error| error.to_string())?;
    Ok(string)
}
