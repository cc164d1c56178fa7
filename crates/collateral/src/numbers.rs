//! Which evaluation data sets a service says there are.
//!
//! Source: Intel PCS API version 4, "Retrieve TCB Evaluation Data Numbers".

use crate::error::{AnswerFault, Error};
use crate::service::Service;
use serde::Deserialize;
use std::borrow::Cow;
use veritee_client::{Client, Get};
use veritee_model::{Budget, UnixTime, text};
use veritee_quote::Tee;

const ITEM: &str = "list of evaluation data numbers";

/// An evaluation data set that a service says it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct OfferedNumber {
    /// Its `tcbEvaluationDataNumber`.
    pub number: u32,
    /// The TCB recovery event that it was made for.
    pub recovery_event: UnixTime,
    /// Date of the TCB that is up to date by it.
    pub tcb_date: UnixTime,
}

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow, rename = "tcbEvaluationDataNumbers")]
    numbers: Numbers<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Numbers<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow)]
    tcb_eval_numbers: Vec<Number<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Number<'a> {
    tcb_evaluation_data_number: u32,
    #[serde(borrow)]
    tcb_recovery_event_date: Cow<'a, str>,
    #[serde(borrow)]
    tcb_date: Cow<'a, str>,
}

/// Asks which evaluation data sets there are, newest first. One request; nothing is kept.
///
/// The signature over the list is **not** checked: choose a number by it and conclude nothing. Collateral of the
/// number that is chosen is verified, and held to the number, like all other.
///
/// # Errors
/// When the service does not answer, or with something else.
pub async fn offered_numbers(
    client: &Client,
    service: &Service,
    tee: Tee,
    budget: &Budget,
) -> Result<Vec<OfferedNumber>, Error> {
    let url = service.evaluation_numbers(tee)?;
    let request = Get::any(url.clone(), budget.collateral_json_bytes);
    let answer = client.get(&request).await.map_err(|error| Error::Fetch {
        item: ITEM,
        url: url.to_string(),
        error: Box::new(error),
    })?;
    read(&answer.body, tee).map_err(|fault| Error::Refused { item: ITEM, url: url.to_string(), fault })
}

fn read(body: &[u8], tee: Tee) -> Result<Vec<OfferedNumber>, AnswerFault> {
    let form = |line, column| AnswerFault::Form {
        expected: "tcbEvaluationDataNumbers",
        line,
        column,
        begins: text::inert(&String::from_utf8_lossy(body.get(..80).unwrap_or(body))),
    };
    let body: Body<'_> = serde_json::from_slice(body).map_err(|error| form(error.line(), error.column()))?;
    let got = match body.numbers.id.as_ref() {
        "SGX" => Tee::Sgx,
        "TDX" => Tee::Tdx,
        _ => return Err(form(1, 1)),
    };
    if got != tee {
        return Err(AnswerFault::Tee { expected: tee, got });
    }
    let mut offered = Vec::with_capacity(body.numbers.tcb_eval_numbers.len());
    for number in &body.numbers.tcb_eval_numbers {
        let date = |text: &str| UnixTime::parse(text).map_err(|_no_time| form(1, 1));
        offered.push(OfferedNumber {
            number: number.tcb_evaluation_data_number,
            recovery_event: date(&number.tcb_recovery_event_date)?,
            tcb_date: date(&number.tcb_date)?,
        });
    }
    offered.sort_unstable_by(|one, other| other.cmp(one));
    Ok(offered)
}
