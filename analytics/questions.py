"""The named questions: what each takes, and the columns it gives. A public contract. No I/O."""

from analytics.contract import Column, ColumnType, Question
from analytics.questions_customers import CUSTOMERS
from analytics.questions_fulfillment import FULFILLMENT
from analytics.questions_orders import ORDERS
from analytics.questions_pipeline import PIPELINE

__all__ = ["QUESTIONS", "Column", "ColumnType", "Question"]

QUESTIONS: dict[str, Question] = {
    question.name: question for question in (*ORDERS, *CUSTOMERS, *FULFILLMENT, *PIPELINE)
}
